// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// One source in full: device, label, a bar a genre, level, the strip of time, the last changes.
///
/// What there is no room for is left out, the least telling first.
struct SourceDetail {
    var source: WatchState.Source
    var palette: Palette
    var span: Double
    var columns: Int
    var painter: Painter
    var now: Timestamp

    func lines(rows: Int) -> [Line] {
        guard rows > 0 else { return [] }
        // Under the bars: the strip, its axis and legend.
        let strip = stripLines(rows: rows)
        let head = header()
        var room = rows - head.count - strip.count
        var middle = columns >= 90 ? sideBySide(rows: room) : stacked(rows: room)
        room -= middle.count
        if room >= 1, rows >= 14 {
            middle.append(Line())
            room -= 1
        }
        var lines = head + middle + strip
        if room >= 4 {
            lines.append(Line())
            lines += changes(rows: room - 1)
        }
        return Array(lines.prefix(rows))
    }

    // MARK: Device

    private func header() -> [Line] {
        let status = source.status
        var line = Line("● ", .colour(status.state.colour))
        line.append(status.name, .bold)
        if status.state != .running {
            line.append("  \(status.state.rawValue)", .colour(status.state.colour))
        }
        let what = [status.format, status.device ?? status.uri].compactMap { $0 }.joined(
            separator: " · ")
        line.append("  \(what)", .quiet)
        var right = Line(
            columns >= 60
                ? "\(DurationText.text(source.estimate?.position ?? status.position)) heard" : "", .quiet)
        for (count, noun) in [(status.overruns, "overrun"), (status.dropped, "dropped sample")]
        where count > 0 {
            right.append("  \(Wording.plural(count, noun))", .colour(.yellow))
        }
        var lines = [line.justified(with: right, columns: columns)]
        if let message = status.message {
            lines.append(Line("  \(message)", status.state == .lost ? .colour(.red) : .quiet))
        }
        return lines
    }

    // MARK: Label, bars, level

    private var label: String { source.estimate?.label ?? "starting" }

    private var labelStyle: Style { .colour(palette.textColour(label), bold: true) }

    /// Label and level at the left, the bars at the right.
    private func sideBySide(rows: Int) -> [Line] {
        guard rows > 0 else { return [] }
        let left = 44
        let bars = barLines(rows: rows, columns: columns - left - 4)
        let height = min(rows, max(bars.count, 6))
        var side: [Line] = []
        if height >= 9, painter.isUnicode,
            let big = BigText.lines(Wording.label(label), columns: left, style: labelStyle)
        {
            side = [Line()] + big + [Line()]
        } else {
            side = [Line(Wording.label(label).uppercased(), labelStyle)]
        }
        side += sureness(columns: left)
        while side.count < height - 2 { side.append(Line()) }
        side.append(levelLine(columns: left))
        return (0..<height).map { row in
            var line = Line("  ")
            line.append(row < side.count ? side[row].cut(to: left) : Line())
            line.pad(to: left + 4)
            line.append(row < bars.count ? bars[row] : Line())
            return line
        }
    }

    /// Label, bars and level one under the other.
    private func stacked(rows: Int) -> [Line] {
        guard rows > 0 else { return [] }
        var lines: [Line] = []
        let bars = palette.labels.count
        let big = BigText.lines(Wording.label(label), columns: columns - 4, style: labelStyle)
        // The word, how sure, the level, and the bars; above that, blank lines.
        if rows >= bars + BigText.rows + 2, painter.isUnicode, let big {
            if rows >= bars + BigText.rows + 4 { lines.append(Line()) }
            lines += big.map(indented)
            lines += sureness(columns: columns - 2).prefix(1).map(indented)
            if rows >= bars + BigText.rows + 3 { lines.append(Line()) }
        } else {
            var line = Line(Wording.label(label).uppercased(), labelStyle)
            if let sure = sureness(columns: columns).first {
                line.append("  ")
                line.append(sure)
            }
            lines.append(indented(line))
        }
        if rows - lines.count >= 2 {
            lines += barLines(rows: rows - lines.count - 1, columns: columns - 4).map(indented)
        }
        if lines.count < rows { lines.append(indented(levelLine(columns: columns - 4))) }
        return Array(lines.prefix(rows))
    }

    private func indented(_ line: Line) -> Line {
        var result = Line("  ")
        result.append(line)
        return result
    }

    /// How sure, for how long; then the other guesses.
    private func sureness(columns: Int) -> [Line] {
        guard let estimate = source.estimate else { return [Line("nothing heard yet", .quiet)] }
        var line = Line()
        if estimate.hasConfidence {
            line.append(Wording.percent(estimate.confidence), .bold)
            line.append(" sure  ", .quiet)
        }
        if estimate.state == .starting {
            line.append("\(Wording.decimal(estimate.position, digits: 1)) s heard", .quiet)
        } else if let since = Timestamp(rfc3339: estimate.since) {
            line.append("for \(DurationText.text(now.seconds(since: since)))", .quiet)
        }
        let others = estimate.ranking.filter { $0.label != estimate.label && $0.probability >= 0.01 }
            .prefix(3)
        guard estimate.hasConfidence, !others.isEmpty else { return [line] }
        var second = Line(estimate.state == .unsure ? "perhaps" : "or", .quiet)
        let guesses = others.map { "\($0.label) \(Wording.percent($0.probability))" }
        second.append(" " + guesses.joined(separator: ", "), .quiet)
        return [line, second.cut(to: columns)]
    }

    /// A bar a label in the model's order; where there are fewer rows than labels, the most probable.
    private func barLines(rows: Int, columns: Int) -> [Line] {
        let probabilities = source.estimate?.probabilities ?? [:]
        var labels = palette.labels
        if rows < labels.count {
            let best = Set(
                source.estimate?.ranking.prefix(max(0, rows)).map(\.label)
                    ?? Array(labels.prefix(max(0, rows))))
            labels = labels.filter(best.contains)
        }
        let length = min(columns - names - 8, 64)
        return labels.map { label in
            let probability = probabilities[label] ?? 0
            let isCurrent = label == source.estimate?.label
            var line = Line(Wording.label(label), isCurrent ? labelStyle : .plain).cut(
                to: max(4, min(names, columns - 8)))
            line.pad(to: names + 1)
            line.append(Bar.line(share: probability, columns: length, colour: palette.colour(label)))
            let percent = Line(Wording.percent(probability), isCurrent ? .bold : .quiet)
            line.pad(to: line.width + 7 - percent.width)
            line.append(percent)
            return line
        }
    }

    /// From -60 dB to full scale; yellow is loud for a mean level, red clips. A mark shows the peak.
    private func levelLine(columns: Int) -> Line {
        let level = source.estimate?.level
        var line = Line("level", .quiet)
        line.pad(to: names + 1)
        let length = min(columns - names - 8, 64)
        guard length > 3 else { return Line(Wording.level(level), .quiet) }
        func share(_ level: Double?) -> Double {
            guard let level, level.isFinite else { return 0 }
            return min(max((level + 60) / 60, 0), 1)
        }
        let colour: Colour = (level ?? -120) >= -3 ? .red : (level ?? -120) >= -9 ? .yellow : .green
        let bar = Bar.line(share: share(level), columns: length, colour: colour, track: false)
        line.append(bar)
        let peak = Int((share(source.peak) * Double(length)).rounded()) - 1
        let track = Style.colour(.faint)
        if peak > bar.width {
            line.append(String(repeating: "╌", count: peak - bar.width), track)
            line.append("│", .colour(colour))
        }
        line.append(String(repeating: "╌", count: max(0, names + 1 + length - line.width)), track)
        let text = Line(Wording.level(level))
        line.pad(to: names + 1 + length + 7 - text.width)
        line.append(text)
        return line
    }

    /// The width of the longest label.
    private var names: Int { palette.labels.map { DisplayText.width($0) }.max() ?? 0 }

    // MARK: Time

    private func stripLines(rows: Int) -> [Line] {
        guard rows >= 6, columns >= 20 else { return [] }
        let strip = TimeStrip(
            source, columns: columns, span: span, now: now, palette: palette,
            hasColours: painter.colours != .none)
        if rows < 10 { return [strip.line(names: true)] }
        var lines = [strip.line(names: true)]
        if rows >= 20 { lines.append(strip.line(names: false)) }
        lines.append(TimeStrip.axis(columns: columns, span: span))
        if rows >= 14 { lines += strip.legend(columns: columns).prefix(rows >= 24 ? 3 : 1) }
        return lines
    }

    /// The newest changes, the newest first.
    private func changes(rows: Int) -> [Line] {
        source.timeline.past.suffix(rows).reversed().map { segment in
            let next = segment.next ?? ""
            var line = Line("  \(LocalTime(segment.end).time)  ", .quiet)
            line.append(Wording.label(next), .colour(palette.textColour(next), bold: true))
            let lasted = DurationText.text(segment.end.seconds(since: segment.start))
            line.append(" after \(lasted) of \(Wording.label(segment.label))", .quiet)
            return line
        }
    }
}
