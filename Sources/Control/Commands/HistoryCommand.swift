import ArgumentParser
import ControlProtocol

struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "What was heard: the changes of label, newest last, and the time of each label."
    )

    @OptionGroup var options: CommonOptions

    @Argument(help: "A source's name; every source without it.")
    var source: String?

    @Option(
        help: ArgumentHelp(
            "From when on: 90s, 30min, 2h, 7d, today, yesterday, 08:00, 2026-01-31 or 2026-01-31T08:00:00Z.",
            valueName: "time"))
    var since: String?

    @Option(
        help: ArgumentHelp(
            "The newest N changes, up to 10000 (default: 100; all of them with --since).", valueName: "n")
    )
    var limit: Int?

    func validate() throws {
        if let limit, !(1...ControlLimits.historyMost).contains(limit) {
            throw ValidationError("--limit is from 1 to \(ControlLimits.historyMost).")
        }
        if let since, SinceText.parse(since, now: .now) == nil {
            throw ValidationError(
                "--since \"\(since)\" is no time: give one such as 2h, yesterday, 08:00 or 2026-01-31T08:00:00Z."
            )
        }
    }

    func run() throws {
        try options.withClient { client in
            let now = Timestamp.now
            let since = since.flatMap { SinceText.parse($0, now: now) }
            let all = since == nil ? ControlLimits.historyDefault : ControlLimits.historyMost
            let changes = try client.history(
                source: source, since: since.map(Since.time), limit: limit ?? all)
            if options.json {
                for change in changes { try Output.json(change) }
                return
            }
            let estimates = try client.current(source: source)
            Output.lines(
                HistoryView.lines(changes: changes, estimates: estimates, since: since, now: now))
        }
    }
}

/// A time as people type it.
enum SinceText {
    static func parse(_ text: String, now: Timestamp) -> Timestamp? {
        let local = LocalTime(now)
        switch text {
        case "today": return local.midnight()
        case "yesterday": return local.midnight(days: -1)
        default: break
        }
        if let time = Timestamp(rfc3339: text) { return time }
        if let seconds = seconds(text) { return now.adding(seconds: -seconds) }
        let clock = text.split(separator: ":", omittingEmptySubsequences: false)
        if clock.count == 2, let hour = number(clock[0]), let minute = number(clock[1]), hour < 24,
            minute < 60
        {
            return local.today(hour: hour, minute: minute)
        }
        // A date alone is that day's beginning here, not in UTC; RFC 3339 says whether there is such a day.
        let date = text.split(separator: "-", omittingEmptySubsequences: false)
        if date.count == 3, Timestamp(rfc3339: "\(text)T00:00:00Z") != nil, let year = Int32(date[0]),
            let month = number(date[1]), let day = number(date[2])
        {
            return LocalTime.timestamp(year: year, month: month, day: day)
        }
        return nil
    }

    /// `90s`, `30m`, `30min`, `2h`, `7d`, `1w`, with decimals or without.
    private static func seconds(_ text: String) -> Double? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let value = Double(digits), value.isFinite else { return nil }
        switch text.dropFirst(digits.count).drop(while: { $0 == " " }) {
        case "s": return value
        case "m", "min": return value * 60
        case "h": return value * 3600
        case "d": return value * 86_400
        case "w": return value * 604_800
        default: return nil
        }
    }

    private static func number(_ text: Substring) -> Int32? {
        text.count <= 2 && text.allSatisfy { $0.isASCII && $0.isNumber } ? Int32(text) : nil
    }
}
