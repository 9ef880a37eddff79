// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// Draws the live view as lines: a pure function of the state, the size and the time.
struct WatchView {
    var state: WatchState
    var columns: Int
    var rows: Int
    var painter: Painter
    var now: Timestamp

    /// Returns at most `rows` lines of at most `columns` columns.
    func lines() -> [Line] {
        guard columns > 0, rows > 0 else { return [] }
        let hasFooter = rows >= 8
        var lines = [title()]
        let room = rows - 1 - (hasFooter ? 1 : 0)
        lines += body(rows: room)
        if hasFooter {
            while lines.count < rows - 1 { lines.append(Line()) }
            lines.append(footer())
        }
        return lines.prefix(rows).map { $0.cut(to: columns) }
    }

    private func body(rows: Int) -> [Line] {
        // Without a connection the view stays at the time of the loss: later labels are unknown.
        let now = if case .lost(let since, _) = state.connection { since } else { now }
        guard let selected = state.selected else {
            let message =
                state.only.map { "the source \($0) no longer exists" }
                ?? "genred has no sources; add one to its configuration, then run: genrectl reload"
            return [Line(), Line("  \(message)", .quiet)]
        }
        let detail = SourceDetail(
            source: selected, palette: state.palette, span: state.span, columns: columns,
            painter: painter, now: now)
        if state.sources.count == 1 { return detail.lines(rows: rows) }
        let list = SourceList(state: state, columns: columns, painter: painter, now: now)
        // In a low window a few sources leave room for the selected one's details; many do not.
        let isLow = rows < 16 && (state.sources.count > 4 || rows - state.sources.count < 8)
        if state.isListOnly || isLow { return list.lines(rows: rows) }
        let listed = list.lines(rows: min(state.sources.count, max(4, rows - 18)))
        let rule = Line(String(repeating: "─", count: columns), .colour(.faint))
        return listed + [rule] + detail.lines(rows: rows - listed.count - 1)
    }

    private func title() -> Line {
        let clock = Line(LocalTime(now).time, .quiet)
        if case .lost(let since, let reason) = state.connection {
            let text =
                " no connection for \(DurationText.text(now.seconds(since: since))), retrying: \(reason) "
            return Line(
                text, Style(foreground: .white, background: Colour(extended: 124, basic: 1), isBold: true)
            )
            .cut(to: columns)
        }
        var line = Line("genred", .bold)
        line.append("  \(NumberText.counted(state.sources.count, "source"))  \(state.path)", .quiet)
        if state.lostEstimates > 0 {
            line.append("  \(NumberText.counted(state.lostEstimates, "estimate")) dropped", .colour(.yellow))
        }
        return line.justified(with: clock, columns: columns)
    }

    private func footer() -> Line {
        var keys = [("q", "quit"), ("←→", "time span")]
        if state.sources.count > 1 {
            keys.insert(("↑↓", "source"), at: 1)
            keys.append(("Enter", state.isListOnly ? "details" : "list"))
        }
        var line = Line()
        for (key, meaning) in keys {
            if line.width > 0 { line.append("   ") }
            line.append(key, .bold)
            line.append(" \(meaning)", .quiet)
        }
        return line
    }
}
