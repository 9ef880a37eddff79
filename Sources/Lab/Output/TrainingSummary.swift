// SPDX-License-Identifier: GPL-3.0-or-later

import Training

/// The result of a training run as lines of text.
enum TrainingSummary {
    static func lines(_ report: TrainingReport) -> [String] {
        var lines: [String] = []
        for part in report.parts {
            lines += [Output.bold("Held out of \(part.store)")] + MetricsTable.lines(part.metrics) + [""]
        }
        if !report.parts.isEmpty {
            lines.append(
                "calibration: temperature \(Double(report.temperature).digits(2))"
                    + (report.offsetsInWords.map { "; \($0)" } ?? ""))
        }
        if let missed = report.noMusicCalledMusic, let rejected = report.musicCalledNoMusic {
            lines.append(
                "no-music predicted as music: \(missed.percent) of windows; music as no-music: \(rejected.percent)")
        }
        return lines
    }
}
