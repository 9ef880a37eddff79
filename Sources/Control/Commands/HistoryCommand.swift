// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
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

            With --json: one line per change, then a line with "totals" (seconds per label, including states), "since" \
            (null without --since) and "more" (whether the limit omitted older changes).
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
    }

    func run() throws {
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
