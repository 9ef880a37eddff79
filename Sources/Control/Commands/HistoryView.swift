import ControlProtocol

/// `history` for people: a table of the changes, then how long each label was heard.
enum HistoryView {
    static func lines(changes: [Change], estimates: [Estimate], since: Timestamp?, now: Timestamp)
        -> [Line]
    {
        let palette = Palette(labels: Set(estimates.flatMap { $0.probabilities.keys }).sorted())
        var lines = table(changes, palette: palette)
        let totals = totals(changes: changes, estimates: estimates, since: since, now: now)
        if lines.isEmpty {
            lines.append(Line("nothing has changed\(since == nil ? "" : " since then")"))
        }
        if !totals.isEmpty {
            lines.append(Line())
            lines += bars(totals, palette: palette)
        }
        return lines
    }

    private static func table(_ changes: [Change], palette: Palette) -> [Line] {
        if changes.isEmpty { return [] }
        let hasOneSource = Set(changes.map(\.source)).count == 1
        var table = Table(.left, .left, .left, .right, .left)
        table.appendHeader("time", hasOneSource ? "" : "source", "label", "sure", "after")
        var day = ""
        for change in changes {
            let time = Timestamp(rfc3339: change.time).map(LocalTime.init)
            let date = time?.date ?? ""
            if date != day {
                table.append(Line(date, .bold), Line(), Line(), Line(), Line())
                day = date
            }
            let isState = EstimateState(rawValue: change.to).map { $0 != .noMusic } ?? false
            table.append(
                Line(time?.time ?? change.time), Line(hasOneSource ? "" : change.source),
                Line(Wording.label(change.to), .colour(palette.textColour(change.to), bold: true)),
                Line(isState ? "" : Wording.percent(change.confidence)),
                Line("\(Wording.duration(change.lasted)) of \(Wording.label(change.from))", .quiet))
        }
        return table.lines()
    }

    /// Seconds of each label, the longest first, from `since` (or the first change) until now, without the time when
    /// there was nothing to hear. Each change says how long the label before it had lasted; what lasts still is in
    /// the estimates.
    static func totals(
        changes: [Change], estimates: [Estimate], since: Timestamp?, now: Timestamp
    ) -> [(label: String, seconds: Double)] {
        var sums: [String: Double] = [:]
        func add(_ label: String, from start: Timestamp, to end: Timestamp) {
            let seconds = end.seconds(since: max(start, since ?? start))
            let isHeard = label != EstimateState.noSignal.rawValue && label != EstimateState.starting.rawValue
            if isHeard, seconds > 0 { sums[label, default: 0] += seconds }
        }
        for change in changes {
            guard let end = Timestamp(rfc3339: change.time) else { continue }
            add(change.from, from: end.adding(seconds: -change.lasted), to: end)
        }
        for estimate in estimates {
            if let start = Timestamp(rfc3339: estimate.since) {
                add(estimate.label, from: start, to: now)
            }
        }
        return sums.map { (label: $0.key, seconds: $0.value) }
            .sorted { ($1.seconds, $0.label) < ($0.seconds, $1.label) }
    }

    private static func bars(_ totals: [(label: String, seconds: Double)], palette: Palette) -> [Line] {
        let sum = totals.reduce(0) { $0 + $1.seconds }
        let longest = totals.first?.seconds ?? 0
        var table = Table(.left, .right, .right, .left)
        for total in totals {
            let colour = palette.colour(total.label)
            table.append(
                Line(Wording.label(total.label), .colour(palette.textColour(total.label), bold: true)),
                Line(Wording.duration(total.seconds)),
                Line(Wording.percent(total.seconds / sum)),
                Bar.line(share: total.seconds / longest, columns: 30, colour: colour, track: false))
        }
        return table.lines()
    }
}
