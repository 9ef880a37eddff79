// SPDX-License-Identifier: GPL-3.0-or-later

/// A horizontal bar, exact to an eighth of a column.
enum Bar {
    private static let eighths: [Character] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"]

    /// - Parameters:
    ///   - share: The length of the bar as a share of `columns`, 0 to 1.
    ///   - track: Whether to draw the rest too, so that the line is `columns` wide.
    static func line(share: Double, columns: Int, colour: Colour, track: Bool = true) -> Line {
        guard columns > 0 else { return Line() }
        let share = share.isFinite ? min(max(share, 0), 1) : 0
        let length = Int((share * Double(columns * 8)).rounded())
        var text = String(repeating: "█", count: length / 8)
        if length % 8 > 0 { text.append(eighths[length % 8 - 1]) }
        var line = Line(text, .colour(colour))
        if track { line.append(String(repeating: "╌", count: columns - line.width), .colour(.faint)) }
        return line
    }
}
