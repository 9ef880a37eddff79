// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol
import Foundation
import Programme

/// The command `genred-programme compare`.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare genred's labels with the demonstration's programme.",
        discussion: """
            Reads the output of 'genrectl watch --json' from standard input to its end. Prints a line whenever the \
            programme or the label changes, then a table of the parts. The exit code is 1 if nothing was heard.
            """)

    @Flag(help: "Print only the table.")
    var summary = false

    /// The key of a line that names its kind.
    private struct Event: Decodable {
        let event: String
    }

    func run() throws {
        var comparison = Comparison(.demo)
        var shown = ""
        if !summary { print(row("time", "playing", "heard")) }
        let decoder = JSONDecoder()
        while let line = readLine() {
            let data = Data(line.utf8)
            guard (try? decoder.decode(Event.self, from: data))?.event == "estimate",
                let estimate = try? decoder.decode(Estimate.self, from: data)
            else { continue }
            comparison.record(estimate.label, at: estimate.position)
            let playing = Programme.demo.part(at: estimate.position)?.label ?? "nothing"
            if !summary, "\(playing) \(estimate.label)" != shown {
                shown = "\(playing) \(estimate.label)"
                let verdict = playing == estimate.label ? "  right" : ""
                print(row(clock(estimate.position), playing, heard(estimate) + verdict))
                // Flushed at once, for the reader of a pipe.
                fflush(nil)
            }
        }
        guard let share = comparison.shareRight else {
            FileHandle.standardError.write(Data("genred-programme: nothing was heard\n".utf8))
            throw ExitCode(1)
        }
        if !summary { print() }
        report(comparison.results.filter { $0.mostly != nil }, share)
    }

    private func heard(_ estimate: Estimate) -> String {
        guard estimate.state == .genre || estimate.state == .noMusic else { return estimate.label }
        return "\(estimate.label) \(NumberText.percent(estimate.confidence))"
    }

    private func report(_ results: [Comparison.Result], _ share: Double) {
        print(row("part", "played", column("heard mostly", 14) + column("right after", 13) + "right for"))
        for result in results {
            let delay = result.delay.map { String(format: "%.1f s", $0) } ?? "never"
            let times = "\(clock(result.part.start))–\(clock(result.part.end))"
            print(
                row(
                    times, result.part.label,
                    column(result.mostly ?? "nothing", 14) + column(delay, 13) + NumberText.percent(result.share)))
        }
        let pieces = results.filter { if case .music = $0.part.content { true } else { false } }
        let recognised = pieces.filter { $0.mostly == $0.part.label }
        print(
            "\n\(recognised.count) of \(pieces.count) pieces were recognised; the label was right for "
                + "\(NumberText.percent(share)) of the time.")
    }

    private func row(_ time: String, _ playing: String, _ rest: String) -> String {
        column(time, 11) + column(playing, 11) + rest
    }

    private func column(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
