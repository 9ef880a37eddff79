// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// Draws one source in full: device, label, a bar per genre, level, timeline, latest changes.
///
/// Parts without room are omitted, the least important first.
struct SourceDetail {
    var source: WatchState.Source
    var palette: Palette
    var span: Double
    var columns: Int
    var painter: Painter
    var now: Timestamp

    func lines(rows: Int) -> [Line] {
        guard rows > 0 else { return [] }
        // Below the bars: the strip, its axis and its legend.
        let strip = stripLines(rows: rows)
        let head = header(rows: rows)
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

    private func header(rows: Int) -> [Line] {
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
            right.append("  \(NumberText.counted(count, noun))", .colour(.yellow))
        }
        var lines = [line.justified(with: right, columns: columns)]
        if let message = status.message {
            lines.append(Line("  \(message)", status.state == .lost ? .colour(.red) : .quiet))
        }
        if rows >= 8, let title = source.estimate?.title {
            var line = Line(painter.isUnicode ? "  ♪ " : "  ", .quiet)
            line.append(title)
            lines.append(line.cut(to: columns))
        }
        return lines
    }

    // MARK: Label, bars, level

    private var label: String { source.estimate?.label ?? "starting" }

    private var labelStyle: Style { .colour(palette.textColour(label), bold: true) }

    /// Returns label and level at the left, and the bars at the right.
    private func sideBySide(rows: Int) -> [Line] {
        guard rows > 0 else { return [] }
        let left = 44
        let bars = bars(columns: columns - left - 4).probabilities(rows: rows, highlight: labelStyle)
        let height = min(rows, max(bars.count, 6))
        var side: [Line] = []
        if height >= 9, painter.isUnicode,
            let big = BigText.lines(Wording.label(label), columns: left, style: labelStyle)
        {
            side = [Line()] + big + [Line()]
        } else {
            side = [Line(Wording.label(label).uppercased(), labelStyle)]
        }
        side += confidence(columns: left)
        while side.count < height - 2 { side.append(Line()) }
        side.append(self.bars(columns: left).level())
        return (0..<height).map { row in
            var line = Line("  ")
            line.append(row < side.count ? side[row].cut(to: left) : Line())
            line.pad(to: left + 4)
            line.append(row < bars.count ? bars[row] : Line())
            return line
        }
    }

    /// Returns label, bars and level, one below the other.
    private func stacked(rows: Int) -> [Line] {
        guard rows > 0 else { return [] }
        var lines: [Line] = []
        let bars = palette.labels.count
        let big = BigText.lines(Wording.label(label), columns: columns - 4, style: labelStyle)
        // The label, its probability, the bars and the level come first; further rows become blank lines.
        if rows >= bars + BigText.rows + 2, painter.isUnicode, let big {
            if rows >= bars + BigText.rows + 4 { lines.append(Line()) }
            lines += big.map(indented)
            lines += confidence(columns: columns - 2).prefix(1).map(indented)
            if rows >= bars + BigText.rows + 3 { lines.append(Line()) }
        } else {
            var line = Line(Wording.label(label).uppercased(), labelStyle)
            if let sure = confidence(columns: columns).first {
                line.append("  ")
                line.append(sure)
            }
            lines.append(indented(line))
        }
        if rows - lines.count >= 2 {
            let bars = self.bars(columns: columns - 4).probabilities(
                rows: rows - lines.count - 1, highlight: labelStyle)
            lines += bars.map(indented)
        }
        if lines.count < rows { lines.append(indented(self.bars(columns: columns - 4).level())) }
        return Array(lines.prefix(rows))
    }

    private func indented(_ line: Line) -> Line {
        var result = Line("  ")
        result.append(line)
        return result
    }

    /// Returns the confidence and duration, then the other guesses.
    private func confidence(columns: Int) -> [Line] {
        guard let estimate = source.estimate else { return [Line("nothing heard yet", .quiet)] }
        var line = Line()
        if estimate.hasConfidence {
            line.append(NumberText.percent(estimate.confidence), .bold)
            line.append(" sure  ", .quiet)
        }
        if estimate.state == .starting {
            line.append("\(Wording.decimal(estimate.position, digits: 1)) s heard", .quiet)
        } else if source.status.state == .ended, let end = Timestamp(rfc3339: estimate.time) {
            line.append("ended \(DurationText.text(now.seconds(since: end))) ago", .quiet)
        } else if let since = Timestamp(rfc3339: estimate.since) {
            line.append("for \(DurationText.text(now.seconds(since: since)))", .quiet)
        }
        let others = estimate.ranking.filter { $0.label != estimate.label && $0.probability >= 0.01 }
            .prefix(3)
        guard estimate.hasConfidence, !others.isEmpty else { return [line] }
        var second = Line(estimate.state == .unsure ? "perhaps" : "or", .quiet)
        let guesses = others.map { "\($0.label) \(NumberText.percent($0.probability))" }
        second.append(" " + guesses.joined(separator: ", "), .quiet)
        return [line, second.cut(to: columns)]
    }

    private func bars(columns: Int) -> EstimateBars {
        EstimateBars(source: source, palette: palette, columns: columns)
    }

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

    /// Returns the latest changes, newest first.
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
