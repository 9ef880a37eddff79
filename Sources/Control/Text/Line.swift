// SPDX-License-Identifier: GPL-3.0-or-later

/// A colour, for terminals of 256 colours and for those of 16.
struct Colour: Sendable, Hashable {
    /// The index in xterm's palette.
    var extended: UInt8
    /// 0 to 15: black, red, green, yellow, blue, magenta, cyan, white, and the same bright.
    var basic: UInt8

    static let grey = Colour(extended: 245, basic: 8)
    static let faint = Colour(extended: 238, basic: 8)
    static let red = Colour(extended: 203, basic: 9)
    static let yellow = Colour(extended: 221, basic: 11)
    static let green = Colour(extended: 114, basic: 10)
    static let black = Colour(extended: 16, basic: 0)
    static let white = Colour(extended: 231, basic: 15)
}

/// How a piece of text looks.
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

/// One line of styled text that knows how many columns it takes.
struct Line: Sendable, Equatable, ExpressibleByStringLiteral {
    struct Span: Sendable, Equatable {
        var text: String
        var style: Style
    }

    private(set) var spans: [Span] = []
    /// In columns of the terminal.
    private(set) var width = 0

    init() {}

    /// The text is cleaned (`DisplayText.clean`): it may come from a device's name.
    init(_ text: String, _ style: Style = .plain) { append(text, style) }

    init(stringLiteral text: String) { self.init(text) }

    var plainText: String { spans.map(\.text).joined() }

    mutating func append(_ text: String, _ style: Style = .plain) {
        let text = DisplayText.clean(text)
        if text.isEmpty { return }
        width += DisplayText.width(text)
        if let last = spans.indices.last, spans[last].style == style {
            spans[last].text += text
        } else {
            spans.append(Span(text: text, style: style))
        }
    }

    mutating func append(_ other: Line) {
        for span in other.spans { append(span.text, span.style) }
    }

    /// Fills up with spaces to `columns`; a longer line stays as it is.
    mutating func pad(to columns: Int, _ style: Style = .plain) {
        if width < columns { append(String(repeating: " ", count: columns - width), style) }
    }

    func padded(to columns: Int) -> Line {
        var line = self
        line.pad(to: columns)
        return line
    }

    /// Not wider than `columns`; what is cut ends in `ellipsis`.
    func cut(to columns: Int, ellipsis: String = "…") -> Line {
        if width <= columns { return self }
        var line = Line()
        let room = columns - DisplayText.width(ellipsis)
        guard room >= 0 else { return line }
        for span in spans {
            if line.width + DisplayText.width(span.text) <= room {
                line.append(span.text, span.style)
                continue
            }
            line.append(DisplayText.prefix(span.text, columns: room - line.width), span.style)
            line.append(ellipsis, span.style)
            break
        }
        return line
    }

    /// This at the left and `right` at the right end of `columns`; where both do not fit, this is cut.
    func justified(with right: Line, columns: Int, ellipsis: String = "…") -> Line {
        if right.width >= columns { return cut(to: columns, ellipsis: ellipsis) }
        var line = cut(to: columns - right.width - 1, ellipsis: ellipsis)
        line.pad(to: columns - right.width)
        line.append(right)
        return line
    }
}
