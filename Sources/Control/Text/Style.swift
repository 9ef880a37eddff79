// SPDX-License-Identifier: GPL-3.0-or-later

/// A colour for terminals with 256 colours and for those with 16.
struct Colour: Sendable, Hashable {
    /// The index in xterm's palette.
    var extended: UInt8
    /// The index in the 16 basic colours: black, red, green, yellow, blue, magenta, cyan, white, then the same bright.
    var basic: UInt8

    static let grey = Colour(extended: 245, basic: 8)
    static let faint = Colour(extended: 238, basic: 8)
    static let red = Colour(extended: 203, basic: 9)
    static let yellow = Colour(extended: 221, basic: 11)
    static let green = Colour(extended: 114, basic: 10)
    static let black = Colour(extended: 16, basic: 0)
    static let white = Colour(extended: 231, basic: 15)
}

/// The colours and weight of a piece of text.
struct Style: Sendable, Hashable {
    var foreground: Colour?
    var background: Colour?
    var isBold = false

    static let plain = Style()
    static let bold = Style(isBold: true)
    static let quiet = Style(foreground: .grey)

    static func colour(_ colour: Colour?, bold: Bool = false) -> Style {
        Style(foreground: colour, isBold: bold)
    }
}
