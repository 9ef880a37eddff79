// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// A value of a model file's card, which is an object of anything.
///
/// Codable as any JSON, for the one reader and writer there is: Foundation's JSONSerialization would sort keys with
/// all of ICU, which takes longer than the rest of loading a model.
enum CardValue: Codable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([CardValue])
    case object([String: CardValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([CardValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: CardValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// A string as it is, everything else as JSON.
    private var text: String? {
        if case .string(let value) = self { return value }
        return try? JSON.text(self)
    }

    /// The keys of a card with each value's text; none where it is no object.
    static func texts(ofCard text: String) -> [String: String] {
        guard let card = try? JSON.decode([String: CardValue].self, from: Array(text.utf8)) else { return [:] }
        return card.compactMapValues(\.text)
    }

    /// The card as JSON again: values that are arrays or objects become so, everything else a string.
    static func card(ofTexts texts: [String: String]) throws -> String {
        try JSON.text(
            texts.mapValues { text in
                guard text.hasPrefix("{") || text.hasPrefix("[") else { return CardValue.string(text) }
                return (try? JSON.decode(CardValue.self, from: Array(text.utf8))) ?? .string(text)
            })
    }
}
