// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol

/// The command `genrectl sources`.
struct SourcesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sources",
        abstract: "Show the sources: their devices, formats and errors."
    )

    @OptionGroup var options: CommonOptions

    @Argument(help: "The name of a source; by default, every source.")
    var source: String?

    func run() throws {
        try options.withClient { client in
            var sources = try client.sources()
            if let source {
                let known = sources.map(\.name)
                sources.removeAll { $0.name != source }
                if sources.isEmpty {
                    Output.error(RPCError.unknownSource(source, known: known).message)
                    throw Failure.daemonError
                }
            }
            if options.json {
                for source in sources { try Output.json(source) }
            } else {
                Output.lines(SourcesView.lines(sources, now: .now))
            }
        }
    }
}

/// Formats sources for people, for `sources` and for the end of `status`.
enum SourcesView {
    static func lines(_ sources: [SourceStatus], now: Timestamp) -> [Line] {
        if sources.isEmpty {
            return [Line("genred has no sources; add one to its configuration, then run: genrectl reload")]
        }
        var table = Table(.left, .left, .left, .left, .right, .right, .right, .right)
        table.appendHeader(
            "source", "state", "device", "format", "heard", "overruns", "dropped", "reopened")
        for source in sources {
            table.append(
                Line(source.name, .bold), Line(source.state.rawValue, .colour(source.state.colour)),
                Line(source.device ?? source.uri), Line(source.format ?? "", .quiet),
                Line(DurationText.text(source.position)), count(source.overruns), count(source.dropped),
                count(source.reconnects))
        }
        var lines = table.lines()
        for source in sources {
            func append(_ text: String, _ style: Style) {
                var line = Line("\(source.name): ", .bold)
                line.append(text, style)
                lines.append(line)
            }
            let isFailing = source.state == .lost || source.state == .ended
            if let message = source.message {
                append(message, isFailing && isPresent(source) ? .colour(.red) : .plain)
            }
            // What else it says is the message.
            if let detail = source.station?.detail, source.station?.state == .playing {
                append("playing: \(detail)", .quiet)
            }
            if let ignored = source.station?.ignoredNotes, ignored > 0 {
                append("\(NumberText.counted(ignored, "note")) of the station ignored", .quiet)
            }
            if let error = source.lastError, !isPresent(source) {
                let time = source.lastErrorTime.flatMap(Timestamp.init(rfc3339:))
                let age = time.map { "\(DurationText.text(now.seconds(since: $0))) ago: " } ?? "earlier: "
                append(age + error, .quiet)
            }
        }
        return lines
    }

    /// Whether the message of the source already shows its last error.
    private static func isPresent(_ source: SourceStatus) -> Bool {
        guard let message = source.message, let error = source.lastError else { return false }
        return error.hasPrefix(message)
    }

    private static func count(_ value: Int) -> Line {
        Line(Wording.decimal(Double(value)), value == 0 ? .quiet : .colour(.yellow))
    }
}

extension DeviceState {
    var colour: Colour {
        switch self {
        case .opening, .waiting: .yellow
        case .running: .green
        case .lost: .red
        case .ended: .grey
        }
    }
}
