// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// Formats the result of `history` for people: a table of the changes, then the total time of each label.
enum HistoryView {
    /// - Parameters:
    ///   - labels: The model's labels, which determine the colours.
    ///   - isBrief: Whether to omit the changes.
    static func lines(_ result: HistoryResult, labels: [String], since: Timestamp?, isBrief: Bool = false) -> [Line] {
        let palette = Palette(labels: labels)
        var lines = isBrief ? [] : table(result.changes, palette: palette)
        let heard = (result.totals ?? []).filter { !isQuiet($0.label) }
        if lines.isEmpty, !isBrief || heard.isEmpty {
            // With totals alone, time without a signal counts as nothing heard.
            let what = isBrief ? "nothing was heard" : "nothing has changed"
            lines.append(Line(since == nil ? what : "\(what) since then"))
        } else if result.more, !isBrief {
            lines.insert(
                Line("older changes are omitted; use --since or --limit (at most 10000) to show more", .quiet),
                at: 0)
        }
        if !heard.isEmpty {
            if !lines.isEmpty { lines.append(Line()) }
            lines.append(
                Line(since.map { "since \(LocalTime.full($0.description))" } ?? "in the whole history", .quiet))
            lines += bars(heard, palette: palette)
        }
        return lines
    }

    /// Whether the label stands for time without audio.
    private static func isQuiet(_ label: String) -> Bool {
        label == EstimateState.noSignal.rawValue || label == EstimateState.starting.rawValue
    }

    private static func table(_ changes: [Change], palette: Palette) -> [Line] {
        if changes.isEmpty { return [] }
        let hasOneSource = Set(changes.map(\.source)).count == 1
        let hasTitles = changes.contains { $0.title != nil }
        var table = Table(.left, .left, .left, .right, .left, .left)
        table.appendHeader("time", hasOneSource ? "" : "source", "label", "sure", "after", hasTitles ? "title" : "")
        var day = ""
        for change in changes {
            let time = Timestamp(rfc3339: change.time).map(LocalTime.init)
            let date = time?.date ?? ""
            if date != day {
                table.append(Line(date, .bold), Line(), Line(), Line(), Line(), Line())
                day = date
            }
            let isState =
                change.to == Change.stopped || EstimateState(rawValue: change.to).map { $0 != .noMusic } ?? false
            table.append(
                Line(time?.time ?? change.time), Line(hasOneSource ? "" : change.source),
                Line(Wording.label(change.to), .colour(palette.textColour(change.to), bold: true)),
                Line(isState ? "" : NumberText.percent(change.confidence)),
                Line("\(DurationText.text(change.lasted)) of \(Wording.label(change.from))", .quiet),
                Line(change.title ?? ""))
        }
        return table.lines()
    }

    private static func bars(_ totals: [LabelTime], palette: Palette) -> [Line] {
        let sum = totals.reduce(0) { $0 + $1.seconds }
        let longest = totals.first?.seconds ?? 0
        var table = Table(.left, .right, .right, .left)
        for total in totals {
            let colour = palette.colour(total.label)
            table.append(
                Line(Wording.label(total.label), .colour(palette.textColour(total.label), bold: true)),
                Line(DurationText.text(total.seconds)),
                Line(NumberText.percent(total.seconds / sum)),
                Bar.line(share: total.seconds / longest, columns: 30, colour: colour, track: false))
        }
        return table.lines()
    }
}
