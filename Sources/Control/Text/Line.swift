// SPDX-License-Identifier: GPL-3.0-or-later

/// A line of styled text that tracks its width in columns.
struct Line: Sendable, Equatable, ExpressibleByStringLiteral {
    struct Span: Sendable, Equatable {
        var text: String
        var style: Style
    }

    private(set) var spans: [Span] = []
    /// The width in columns of the terminal.
    private(set) var width = 0

    init() {}

    /// Cleans the text (`DisplayText.clean`), because it may be a device's name.
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

    /// Pads with spaces to `columns`. A longer line stays as it is.
    mutating func pad(to columns: Int, _ style: Style = .plain) {
        if width < columns { append(String(repeating: " ", count: columns - width), style) }
    }

    func padded(to columns: Int) -> Line {
        var line = self
        line.pad(to: columns)
        return line
    }

    /// Returns the line cut to at most `columns`. A line that was cut ends in `ellipsis`.
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

    /// Returns this line at the left and `right` at the right end of `columns`. If both do not fit, this line is cut.
    func justified(with right: Line, columns: Int, ellipsis: String = "…") -> Line {
        if right.width >= columns { return cut(to: columns, ellipsis: ellipsis) }
        var line = cut(to: columns - right.width - 1, ellipsis: ellipsis)
        line.pad(to: columns - right.width)
        line.append(right)
        return line
    }
}
