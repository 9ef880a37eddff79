// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// Draws one row per source, scrolled so that the selected one is visible.
struct SourceList {
    var state: WatchState
    var columns: Int
    var painter: Painter
    var now: Timestamp

    func lines(rows: Int) -> [Line] {
        guard rows > 0 else { return [] }
        let count = state.sources.count
        let isScrolled = count > rows && rows > 1
        let shown = isScrolled ? rows - 1 : min(rows, count)
        let first = min(max(0, state.selectedIndex - shown / 2), count - shown)
        let widths = Widths(state: state, columns: columns)
        var lines = (first..<first + shown).map { row(state.sources[$0], at: $0, widths: widths) }
        if isScrolled {
            lines.append(
                Line("  ↑ \(first) above, ↓ \(count - first - shown) below", .quiet))
        }
        return lines
    }

    private struct Widths {
        var name: Int
        var label: Int
        /// Zero if there is no room.
        var age: Int
        var level: Int
        var title: Int
        var strip: Int

        init(state: WatchState, columns: Int) {
            name = min(
                max(6, columns / 4), state.sources.map { DisplayText.width($0.status.name) }.max() ?? 0)
            label = max(9, state.palette.labels.map { DisplayText.width($0) }.max() ?? 0)
            // Marker and device state, name, label, confidence.
            var rest = columns - (4 + name + 2 + label + 6)
            age = rest >= 10 ? 10 : 0
            rest -= age
            level = rest >= 18 ? 8 : 0
            rest -= level
            let titles = state.sources.compactMap { $0.estimate?.title }.map { DisplayText.width($0) }.max() ?? 0
            title = rest >= 60 && titles > 0 ? min(titles + 2, rest / 2) : 0
            rest -= title
            strip = rest >= 8 ? rest - 2 : 0
        }
    }

    private func row(_ source: WatchState.Source, at index: Int, widths: Widths) -> Line {
        let isSelected = index == state.selectedIndex
        var line = Line(isSelected ? "▸ " : "  ", .bold)
        line.append("● ", .colour(source.status.state.colour))
        line.append(Line(source.status.name, isSelected ? .bold : .plain).cut(to: widths.name))
        var end = 4 + widths.name
        func column(_ text: Line, _ width: Int, alignRight: Bool = false) {
            guard width > 0 else { return }
            line.pad(to: alignRight ? end + width - text.width : end)
            line.append(text.cut(to: width))
            end += width
            line.pad(to: end)
        }
        column(Line(), 2)
        guard let estimate = source.estimate else {
            column(Line(source.status.state.rawValue, .quiet), widths.label)
            return line
        }
        let isEnded = source.status.state == .ended
        let colour = state.palette.textColour(estimate.label)
        column(
            isEnded
                ? Line(DeviceState.ended.rawValue, .quiet)
                : Line(Wording.label(estimate.label), .colour(colour, bold: true)), widths.label)
        column(
            Line(estimate.hasConfidence && !isEnded ? NumberText.percent(estimate.confidence) : ""), 6,
            alignRight: true)
        // Since when: the label, or the end.
        let since = Timestamp(rfc3339: isEnded ? estimate.time : estimate.since)
        let age = since.map { DurationText.briefText(now.seconds(since: $0)) } ?? ""
        column(Line(age, .quiet), widths.age, alignRight: true)
        column(Line(Wording.level(estimate.level), .quiet), widths.level, alignRight: true)
        if widths.title > 0 {
            column(Line(), 2)
            column(Line(estimate.title ?? ""), widths.title - 2)
        }
        if widths.strip > 0 {
            let strip = TimeStrip(
                source, columns: widths.strip, span: state.span, now: now, palette: state.palette,
                hasColours: painter.colours != .none)
            line.append("  ")
            line.append(strip.line(names: false))
        }
        return line
    }
}
