// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// The colour and the letter of each label. They are the same in every view and every run.
struct Palette: Sendable, Equatable {
    /// The labels in the order in which they are shown.
    let labels: [String]
    private let colours: [String: Colour]
    private let letters: [String: Character]

    private static let known: [String: Colour] = [
        "blues": Colour(extended: 69, basic: 12), "classical": Colour(extended: 223, basic: 15),
        "country": Colour(extended: 179, basic: 3), "disco": Colour(extended: 170, basic: 5),
        "hiphop": Colour(extended: 44, basic: 6), "jazz": Colour(extended: 215, basic: 11),
        "metal": Colour(extended: 103, basic: 7), "pop": Colour(extended: 218, basic: 13),
        "reggae": Colour(extended: 113, basic: 10), "rock": Colour(extended: 167, basic: 9),
        "no-music": Colour(extended: 66, basic: 8), "speech": Colour(extended: 66, basic: 8),
        "noise": Colour(extended: 102, basic: 8), "unsure": Colour(extended: 240, basic: 8),
        "silence": Colour(extended: 235, basic: 8), "starting": Colour(extended: 237, basic: 8),
        "no-signal": Colour(extended: 88, basic: 1),
    ]

    /// Colours for the labels of other models, used in turn.
    private static let others: [Colour] = [
        Colour(extended: 75, basic: 12), Colour(extended: 150, basic: 10),
        Colour(extended: 216, basic: 11),
        Colour(extended: 176, basic: 13), Colour(extended: 80, basic: 14),
        Colour(extended: 209, basic: 9),
        Colour(extended: 186, basic: 3), Colour(extended: 140, basic: 5),
        Colour(extended: 109, basic: 6),
        Colour(extended: 144, basic: 2),
    ]

    init(labels: [String]) {
        self.labels = labels
        var colours = Self.known
        var next = 0
        // Sorted, so that colours and letters do not depend on the order of a view.
        for label in labels.sorted() where colours[label] == nil {
            colours[label] = Self.others[next % Self.others.count]
            next += 1
        }
        self.colours = colours
        var letters: [String: Character] = [
            "no-signal": "!", "silence": ".", "unsure": "?", "starting": "^",
        ]
        for label in labels.sorted() {
            let candidates = Array(label) + Array(label.uppercased()) + Array("0123456789")
            letters[label] = candidates.first { $0.isASCII && !letters.values.contains($0) } ?? "*"
        }
        self.letters = letters
    }

    /// Returns the colour of a label's area or bar.
    func colour(_ label: String) -> Colour { colours[label] ?? .grey }

    /// Returns the colour of a label as text. States whose areas stay in the background have lighter text.
    func textColour(_ label: String) -> Colour {
        switch EstimateState(rawValue: label) {
        case .silence, .starting, .unsure: Colour(extended: 248, basic: 7)
        case .noSignal: .red
        case .noMusic: Colour(extended: 109, basic: 7)
        case .genre, nil: colour(label)
        }
    }

    /// Returns the letter of a label, for a timeline without colours.
    func letter(_ label: String) -> Character { letters[label] ?? "*" }

    /// Returns the colour of text on a background.
    static func ink(on colour: Colour) -> Colour {
        [235, 237, 240, 88, 66].contains(colour.extended) ? .white : .black
    }
}
