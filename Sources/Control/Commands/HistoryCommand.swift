// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import ControlProtocol

struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "What was heard: the changes of label, newest last, and the time of each label.",
        discussion: """
            The times at the end are those of all the time asked for, whatever --limit leaves out, with what lasts \
            still and without the time when there was nothing to hear or genred was not running. Their shares are of \
            what was heard.

            EXAMPLES:
              genrectl history --since yesterday         every source, yesterday and today
              genrectl history radio --since 2h
              genrectl history --since "monday 18:00" --totals
              genrectl history --since 7d --totals --json | jq -c '.totals[]'

            With --json: a line for each change, then one with totals (seconds of each label, states included), since \
            (null without --since) and more (whether the limit left out older changes).
            """
    )

    @OptionGroup var options: CommonOptions

    @Argument(help: "A source's name; every source without it.")
    var source: String?

    @Option(
        name: .customLong("source"),
        help: ArgumentHelp("The same as SOURCE.", valueName: "source"))
    var sourceOption: String?

    @Option(
        help: ArgumentHelp("From when on: \(SinceText.examples). Days and clocks are local.", valueName: "time"))
    var since: String?

    @Option(
        help: ArgumentHelp(
            "The newest N changes, up to 10000 (default: 100; as many as possible with --since).", valueName: "n")
    )
    var limit: Int?

    @Flag(help: "Only the time of each label.")
    var totals = false

    func validate() throws {
        if let limit, !(1...ControlLimits.historyMost).contains(limit) {
            throw ValidationError("--limit is from 1 to \(ControlLimits.historyMost).")
        }
        if let since, SinceText.parse(since, now: .now) == nil {
            throw ValidationError("--since \"\(since)\" is no time: give one such as \(SinceText.examples).")
        }
        if let source, let sourceOption, source != sourceOption {
            throw ValidationError("two sources, \(source) and \(sourceOption): give one, or none for all.")
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

    /// The last line of JSON.
    private struct Summary: Encodable {
        @OrNull var totals: [LabelTime]?
        @OrNull var since: String?
        var more: Bool
    }
}
