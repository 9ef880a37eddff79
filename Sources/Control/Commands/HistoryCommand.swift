// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol

/// The command `genrectl history`.
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show what was played: the changes of label, newest last, and the total time of each label.",
        discussion: """
            The totals at the end cover the whole time span, whatever --limit omits. They include the current label, \
            but not the time without a signal or without genred. Percentages are shares of the time heard.

            EXAMPLES:
              genrectl history --since yesterday         all sources, yesterday and today
              genrectl history radio --since 2h
              genrectl history --since "monday 18:00" --totals
              genrectl history --since 7d --totals --json | jq -c '.totals[]'
              genrectl history --since 30d --format csv > month.csv
              genrectl history radio --origin 20:00 --format audacity > labels.txt

            With --json: one line per change, then a line with "totals" (seconds per label, including states), "since" \
            (null without --since) and "more" (whether the limit omitted older changes).

            With --format: one line per span, the time from a change of a source's label to the next one, complete and \
            without a limit. The last span lasts until now. The time from "stopped" to the next start belongs to no \
            span. Start and end are in seconds since --origin and in UTC. Of a span that began before --since, only the \
            rest is written. Spans come in the order in which they end.

              csv       for spreadsheets; titles that look like formulas get a '
              jsonl     a JSON object per line, with the columns of csv as keys
              audacity  labels beside a recording: File, Import, Labels. With
                        several sources each label begins with its source
              jams      one JAMS 0.3 file, with an annotation per source

            To align labels with a recording, give the time at which it began as --origin.
            """
    )

    @OptionGroup var options: CommonOptions

    @Argument(help: "The name of a source; by default, every source.")
    var source: String?

    @Option(
        name: .customLong("source"),
        help: ArgumentHelp("The same as the argument <source>.", valueName: "source"))
    var sourceOption: String?

    @Option(
        help: ArgumentHelp("The beginning: \(SinceText.examples). Days and times of day are local.", valueName: "time"))
    var since: String?

    @Option(
        help: ArgumentHelp(
            "Show the newest N changes, at most 10000 (default: 100, or 10000 with --since).", valueName: "n")
    )
    var limit: Int?

    @Flag(help: "Show only the total time of each label.")
    var totals = false

    @Option(help: ArgumentHelp("The format of the output.", valueName: "format"))
    var format = ExportFormat.text

    @Option(
        help: ArgumentHelp(
            "With --format: the time from which seconds count (default: the earliest beginning in the output). Without "
                + "--since, the output begins there too.", valueName: "time"))
    var origin: String?

    func validate() throws {
        if let limit, !(1...ControlLimits.historyMost).contains(limit) {
            throw ValidationError("--limit must be from 1 to \(ControlLimits.historyMost).")
        }
        if let since, SinceText.parse(since, now: .now) == nil {
            throw ValidationError("--since \"\(since)\" is not a time; use one such as \(SinceText.examples).")
        }
        if let source, let sourceOption, source != sourceOption {
            throw ValidationError("Two sources, \(source) and \(sourceOption): name one, or none for all.")
        }
        try validateExport()
    }

    private func validateExport() throws {
        if format == .text {
            guard origin == nil else { throw ValidationError("--origin needs a --format other than text.") }
            return
        }
        if totals { throw ValidationError("--totals has no --format \(format.rawValue); use --totals --json.") }
        if options.json { throw ValidationError("--json and --format \(format.rawValue) exclude each other.") }
        if limit != nil { throw ValidationError("--format \(format.rawValue) has no --limit; use --since.") }
        guard let origin else { return }
        let now = Timestamp.now
        guard let start = SinceText.parse(origin, now: now) else {
            throw ValidationError("--origin \"\(origin)\" is not a time; use one such as \(SinceText.examples).")
        }
        if format == .jams, let since = since.flatMap({ SinceText.parse($0, now: now) }), since < start {
            throw ValidationError("--since is before --origin, and jams has no negative times.")
        }
    }

    func run() throws {
        if format == .text { return try runText() }
        try options.withClient { client in
            let now = Timestamp.now
            let origin = origin.flatMap { SinceText.parse($0, now: now) }
            let since = since.flatMap { SinceText.parse($0, now: now) } ?? origin
            let count = try HistoryExport(format: format, origin: origin)
                .run(client, source: sourceOption ?? source, since: since, write: Output.write)
            guard count == 0 else { return }
            let begin = since.map { " after \(LocalTime.full($0.description))" } ?? ""
            Output.error("the history has nothing\(begin)\((sourceOption ?? source).map { " of \(quoted($0))" } ?? "")")
        }
    }

    private func runText() throws {
        try options.withClient { client in
            let now = Timestamp.now
            let since = since.flatMap { SinceText.parse($0, now: now) }
            let all = since == nil ? ControlLimits.historyDefault : ControlLimits.historyMost
            var result = try client.history(
                source: sourceOption ?? source, since: since.map(Since.time), limit: totals ? 1 : limit ?? all,
                totals: true)
            if totals { result.changes = [] }
            if options.json {
                for change in result.changes { try Output.json(change) }
                try Output.json(Summary(totals: result.totals, since: since?.description, more: result.more))
            } else {
                let labels = try client.describe().model.labels
                Output.lines(HistoryView.lines(result, labels: labels, since: since, isBrief: totals))
            }
        }
    }

    /// The last line of the JSON output.
    private struct Summary: Encodable {
        @OrNull var totals: [LabelTime]?
        @OrNull var since: String?
        var more: Bool
    }
}
