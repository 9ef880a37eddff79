// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// Draws the recent past of a source from left to right, with one colour per label.
struct TimeStrip {
    /// The label of each column; nil where none is known.
    var labels: [String?]
    var palette: Palette
    var hasColours: Bool

    init(
        _ source: WatchState.Source, columns: Int, span: Double, now: Timestamp, palette: Palette,
        hasColours: Bool
    ) {
        let current = source.estimate.flatMap { estimate in
            Timestamp(rfc3339: estimate.since).map { start in
                Timeline.Segment(label: estimate.label, start: start, end: max(start, now))
            }
        }
        labels = source.timeline.columns(
            columns, from: now.adding(seconds: -span), to: now, current: current)
        self.palette = palette
        self.hasColours = hasColours
    }

    /// Returns the strip in colours, or in letters on a terminal without colours. With `names`, the names of labels are
    /// written where they fit.
    func line(names: Bool) -> Line {
        var line = Line()
        var start = 0
        while start < labels.count {
            var end = start
            while end < labels.count, labels[end] == labels[start] { end += 1 }
            append(labels[start], columns: end - start, names: names, to: &line)
            start = end
        }
        return line
    }

    private func append(_ label: String?, columns: Int, names: Bool, to line: inout Line) {
        guard let label else {
            line.append(String(repeating: "┈", count: columns), .colour(.faint))
            return
        }
        let colour = palette.colour(label)
        let name = Wording.label(label)
        let fits = names && DisplayText.width(name) + 2 <= columns
        if hasColours {
            let style = Style(foreground: Palette.ink(on: colour), background: colour)
            var part = Line(fits ? " \(name)" : "", style)
            part.pad(to: columns, style)
            line.append(part)
        } else {
            let letter = String(palette.letter(label))
            let text = fits ? " \(name) " : ""
            line.append(text + String(repeating: letter, count: columns - DisplayText.width(text)))
        }
    }

    /// Returns the labels in the strip with their colours or letters, in the order of the palette, in as many lines as
    /// needed.
    func legend(columns: Int) -> [Line] {
        let present = Set(labels.compactMap { $0 })
        let states = EstimateState.allCases.map(\.rawValue)
        let order = palette.labels + states.filter { !palette.labels.contains($0) }
        let others = present.subtracting(order).sorted()
        var lines: [Line] = []
        for label in order + others where present.contains(label) {
            var entry = Line(hasColours ? "■" : "\(palette.letter(label))", .colour(palette.colour(label)))
            entry.append(" \(Wording.label(label))", .quiet)
            if let last = lines.indices.last, lines[last].width + 2 + entry.width <= columns {
                lines[last].append("  ")
                lines[last].append(entry)
            } else {
                lines.append(entry)
            }
        }
        return lines
    }

    /// Returns the scale below the strip, with marks at round times.
    static func axis(columns: Int, span: Double) -> Line {
        let wanted = max(1, columns / 12)
        let parts = [6, 5, 4, 3, 2, 1].first { parts in
            let step = span / Double(parts)
            let unit: Double = span > 3600 ? 3600 : span > 60 ? 60 : 15
            return parts <= wanted && step.truncatingRemainder(dividingBy: unit) == 0
        }
        let marks = parts ?? 1
        var line = Line()
        for mark in 0..<marks {
            line.pad(to: columns * mark / marks)
            line.append("│-\(DurationText.briefText(span * Double(marks - mark) / Double(marks)))", .quiet)
        }
        return line.justified(with: Line("now│", .quiet), columns: columns)
    }
}
