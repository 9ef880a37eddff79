// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Streaming
import Training

/// What `genrelab streams` found out.
struct StreamsReport {
    /// Parameters of the estimator and what they give.
    struct Candidate: Encodable {
        var switchRate: Double
        var evidenceRate: Double
        var sharpness: Double
        var enter: Double
        var leave: Double
        var figures: StreamMetrics

        init(_ parameters: EstimatorParameters, _ figures: StreamMetrics) {
            switchRate = parameters.switchRate
            evidenceRate = parameters.evidenceRate
            sharpness = parameters.sharpness
            enter = parameters.enter
            leave = parameters.leave
            self.figures = figures
        }
    }

    private struct Output: Encodable {
        var estimator: Candidate
        var windows: StreamMetrics
        var search: [Candidate]?
    }

    var chosen: StreamMetrics
    var raw: StreamMetrics
    var found: [Candidate]?

    func printJSON() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let output = Output(estimator: Candidate(EstimatorParameters(), chosen), windows: raw, search: found)
        Terminal.line(String(decoding: try encoder.encode(output), as: UTF8.self))
    }

    func printTable() {
        Terminal.line("\(chosen.clips) clips, \(Int(chosen.minutes.rounded())) minutes\n")
        var rows = [
            ["", "right", "wrong", "found", "delay", "of found", "false/min", "confidence", "calibration"],
            Self.row("raw windows", raw), Self.row("estimator", chosen),
        ]
        for candidate in found ?? [] {
            let name =
                "switch 1/\(Int((1 / candidate.switchRate).rounded())) evidence \(candidate.evidenceRate)"
                + " sharpness \(candidate.sharpness) enter \(candidate.enter) leave \(candidate.leave)"
            rows.append(Self.row(name, candidate.figures))
        }
        for line in Terminal.table(rows) { Terminal.line(line) }
    }

    private static func row(_ name: String, _ figures: StreamMetrics) -> [String] {
        func seconds(_ value: Double?) -> String { value.map { "\($0.digits(1)) s" } ?? "never" }
        return [
            name, figures.right.digits(3), figures.wrong.digits(3), figures.found.digits(3),
            seconds(figures.medianDelay), seconds(figures.medianDelayFound), figures.falseChanges.digits(2),
            figures.confidence?.digits(3) ?? "–", figures.calibrationError?.digits(3) ?? "–",
        ]
    }
}
