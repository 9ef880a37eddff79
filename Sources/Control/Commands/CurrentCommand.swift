// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol

/// The command `genrectl current`.
struct CurrentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "current",
        abstract: "Show what each source is playing now.",
        discussion: """
            Prints one line per source: the genre, its probability, how long it has lasted, the second guess, the level, \
            and the title of what is playing if one is known (genrectl annotate).
            Without a genre the line says why: silence, no music, no signal, starting (less than 3 s of audio so far), \
            or unsure with the best guesses. A source that has ended shows the label that it had last.
            """
    )

    @OptionGroup var options: CommonOptions

    @Argument(help: "The name of a source; by default, every source.")
    var source: String?

    func run() throws {
        try options.withClient { client in
            let estimates = try client.current(source: source)
            if options.json {
                for estimate in estimates { try Output.json(estimate) }
            } else {
                let ended = try client.sources().filter { $0.state == .ended }.map(\.name)
                Output.lines(CurrentView.lines(estimates, ended: Set(ended), now: .now))
            }
        }
    }
}

/// Formats the result of `current` for people.
enum CurrentView {
    /// - Parameter ended: the sources from which nothing more comes.
    static func lines(_ estimates: [Estimate], ended: Set<String> = [], now: Timestamp) -> [Line] {
        if estimates.isEmpty {
            return [Line("genred has no sources; add one to its configuration, then run: genrectl reload")]
        }
        let labels = Set(estimates.flatMap { $0.probabilities.keys }).sorted()
        let palette = Palette(labels: labels)
        var table = Table(.left, .left, .right, .left, .left, .right, .left)
        for estimate in estimates {
            if ended.contains(estimate.source) {
                let heard = estimate.position > 0 ? "\(DurationText.text(estimate.position)) heard" : "nothing heard"
                let last = estimate.position > 0 ? "\(Wording.label(estimate.label)) at the end" : ""
                let age = Timestamp(rfc3339: estimate.time).map { "\(DurationText.text(now.seconds(since: $0))) ago" }
                table.append(
                    Line(estimate.source, .bold), Line(DeviceState.ended.rawValue, .colour(DeviceState.ended.colour)),
                    Line(), Line([age, heard].compactMap(\.self).joined(separator: ", ")), Line(last, .quiet), Line(),
                    Line())
                continue
            }
            table.append(
                Line(estimate.source, .bold),
                Line(Wording.label(estimate.label), .colour(palette.textColour(estimate.label), bold: true)),
                Line(estimate.hasConfidence ? NumberText.percent(estimate.confidence) : ""),
                Line(age(estimate, now: now)),
                Line(guesses(estimate), .quiet),
                Line(Wording.level(estimate.level), .quiet), Line(estimate.title ?? ""))
        }
        return table.lines(gap: 3)
    }

    private static func age(_ estimate: Estimate, now: Timestamp) -> String {
        if estimate.state == .starting {
            return "\(Wording.decimal(estimate.position, digits: 1)) s heard"
        }
        guard let since = Timestamp(rfc3339: estimate.since) else { return "" }
        return "for \(DurationText.text(now.seconds(since: since)))"
    }

    private static func guesses(_ estimate: Estimate) -> String {
        let ranked = estimate.ranking
        switch estimate.state {
        case .genre, .noMusic:
            guard let second = ranked.first(where: { $0.label != estimate.label }),
                second.probability >= 0.005
            else {
                return ""
            }
            return "then \(Wording.label(second.label)) \(NumberText.percent(second.probability))"
        case .unsure: return ranked.prefix(2).map(\.label).joined(separator: " or ")
        case .silence, .starting, .noSignal: return ""
        }
    }
}

extension Estimate {
    /// Whether `confidence` has a meaning in this state.
    var hasConfidence: Bool { state == .genre || state == .unsure || state == .noMusic }

    /// The labels with their probabilities, the most probable first.
    var ranking: [(label: String, probability: Double)] {
        probabilities.map { (label: $0.key, probability: $0.value) }
            .sorted { ($1.probability, $0.label) < ($0.probability, $1.label) }
    }
}
