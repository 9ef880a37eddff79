// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Streaming
import Training

/// The result of `genrelab streams`.
struct StreamsReport {
    /// Parameters of the estimator and the metrics with them.
    struct Candidate: Encodable {
        var switchRate: Double
        var evidenceRate: Double
        var sharpness: Double
        var enter: Double
        var leave: Double
        var margin: Double
        var metrics: StreamMetrics

        init(_ parameters: EstimatorParameters, _ metrics: StreamMetrics) {
            switchRate = parameters.switchRate
            evidenceRate = parameters.evidenceRate
            sharpness = parameters.sharpness
            enter = parameters.enter
            leave = parameters.leave
            margin = parameters.margin
            self.metrics = metrics
        }
    }

    private struct Document: Encodable {
        var estimator: Candidate
        var windows: StreamMetrics
        var search: [Candidate]?
    }

    var chosen: StreamMetrics
    var raw: StreamMetrics
    var found: [Candidate]?

    func printJSON() throws {
        try Output.json(
            Document(estimator: Candidate(EstimatorParameters(), chosen), windows: raw, search: found))
    }

    func printTable() {
        Output.line(
            "\(NumberText.counted(chosen.clips, "clip")), \(NumberText.counted(Int(chosen.minutes.rounded()), "minute"))\n"
        )
        var rows = [
            ["", "right", "wrong", "found", "delay", "of found", "false/min", "confidence", "calibration", "among 3"],
            Self.row("raw windows", raw), Self.row("estimator", chosen),
        ]
        for candidate in found ?? [] {
            let name =
                "switch 1/\(Int((1 / candidate.switchRate).rounded())) evidence \(candidate.evidenceRate)"
                + " sharpness \(candidate.sharpness) enter \(candidate.enter) leave \(candidate.leave) margin \(candidate.margin)"
            rows.append(Self.row(name, candidate.metrics))
        }
        Output.lines(Table.lines(rows))
        let published = chosen.published.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        Output.line("\npublished: \(published.map { "\($0.key) \($0.value.percent)" }.joined(separator: ", "))")
    }

    private static func row(_ name: String, _ metrics: StreamMetrics) -> [String] {
        func seconds(_ value: Double?) -> String { value.map { "\($0.digits(1)) s" } ?? "never" }
        return [
            name, metrics.right.percent, metrics.wrong.percent, metrics.found.percent,
            seconds(metrics.medianDelay), seconds(metrics.medianDelayFound), metrics.falseChanges.digits(2),
            metrics.confidence?.percent ?? "–", metrics.calibrationError?.digits(3) ?? "–",
            metrics.amongAlternatives.percent,
        ]
    }
}
