// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// Draws the probabilities and the level of one source as horizontal bars that line up.
struct EstimateBars {
    /// The columns of a value, with a space before the widest one, `-120 dB`.
    private static let valueWidth = 8

    var source: WatchState.Source
    var palette: Palette
    var columns: Int

    /// Returns one bar per label in the model's order. With fewer rows than labels, only the most probable are shown.
    ///
    /// - Parameter highlight: The style of the current label.
    func probabilities(rows: Int, highlight: Style) -> [Line] {
        let probabilities = source.estimate?.probabilities ?? [:]
        var labels = palette.labels
        if rows < labels.count {
            let best = Set(
                source.estimate?.ranking.prefix(max(0, rows)).map(\.label)
                    ?? Array(labels.prefix(max(0, rows))))
            labels = labels.filter(best.contains)
        }
        return labels.map { label in
            let probability = probabilities[label] ?? 0
            let isCurrent = label == source.estimate?.label
            var line = Line(Wording.label(label), isCurrent ? highlight : .plain).cut(
                to: max(4, min(nameWidth, columns - 1 - Self.valueWidth)))
            line.pad(to: nameWidth + 1)
            line.append(Bar.line(share: probability, columns: barWidth, colour: palette.colour(label)))
            let percent = Line(NumberText.percent(probability), isCurrent ? .bold : .quiet)
            line.pad(to: line.width + Self.valueWidth - percent.width)
            line.append(percent)
            return line
        }
    }

    /// Returns the level from -60 dB to full scale, with a mark at the recent peak. Yellow is loud for a mean level; red
    /// means clipping.
    func level() -> Line {
        let level = source.estimate?.level
        var line = Line("level", .quiet)
        line.pad(to: nameWidth + 1)
        guard barWidth > 3 else { return Line(Wording.level(level), .quiet) }
        func share(_ level: Double?) -> Double {
            guard let level, level.isFinite else { return 0 }
            return min(max((level + 60) / 60, 0), 1)
        }
        let colour: Colour = (level ?? -120) >= -3 ? .red : (level ?? -120) >= -9 ? .yellow : .green
        let bar = Bar.line(share: share(level), columns: barWidth, colour: colour, track: false)
        line.append(bar)
        let peak = Int((share(source.peak) * Double(barWidth)).rounded()) - 1
        let track = Style.colour(.faint)
        if peak > bar.width {
            line.append(String(repeating: "╌", count: peak - bar.width), track)
            line.append("│", .colour(colour))
        }
        line.append(String(repeating: "╌", count: max(0, nameWidth + 1 + barWidth - line.width)), track)
        let text = Line(Wording.level(level))
        line.pad(to: nameWidth + 1 + barWidth + Self.valueWidth - text.width)
        line.append(text)
        return line
    }

    /// The width of the longest label.
    private var nameWidth: Int { palette.labels.map { DisplayText.width($0) }.max() ?? 0 }

    private var barWidth: Int { min(columns - nameWidth - 1 - Self.valueWidth, 64) }
}
