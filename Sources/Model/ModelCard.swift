// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The card in a model file's metadata: a JSON object with any values, held in memory as one text for each key.
enum ModelCard {
    /// The keys of a card with each value's text: strings as they are, everything else as JSON. Empty if the card is
    /// not an object.
    static func texts(ofCard text: String) -> [String: String] {
        guard let card = try? JSON.decode([String: JSONValue].self, from: Array(text.utf8)) else { return [:] }
        return card.compactMapValues { value in
            if case .string(let text) = value { return text }
            return try? JSON.text(value)
        }
    }

    /// The card as JSON: texts that are arrays or objects become JSON again, everything else becomes a string.
    static func card(ofTexts texts: [String: String]) throws -> String {
        try JSON.text(
            texts.mapValues { text in
                guard text.hasPrefix("{") || text.hasPrefix("[") else { return JSONValue.string(text) }
                return (try? JSON.decode(JSONValue.self, from: Array(text.utf8))) ?? .string(text)
            })
    }
}
