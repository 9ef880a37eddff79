// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// A training report as one self-contained HTML page: text, tables and SVG drawings.
package struct ReportPage {
    private let report: TrainingReport

    package init(_ report: TrainingReport) {
        self.report = report
    }

    package var html: String {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Training report</title>
        <style>
        :root { color-scheme: light dark; --line: #8884; --one: #2b7de9; --two: #e0662b; }
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
        table { border-collapse: collapse; margin: .5rem 0 1.5rem; font-variant-numeric: tabular-nums; }
        th, td { padding: .2rem .6rem; border-bottom: 1px solid var(--line); text-align: right; font-weight: normal; }
        th { color: gray; } th:first-child, td:first-child { text-align: left; }
        .matrix td { text-align: center; padding: .25rem .4rem; }
        svg { max-width: 100%; height: auto; } svg text { fill: currentColor; font-size: 11px; }
        .metrics { display: flex; flex-wrap: wrap; gap: 2rem; } pre { overflow-x: auto; font-size: 12px; }
        </style></head><body>
        <h1>Training report</h1>
        \(summary)
        <h2>Held-out metrics</h2>
        \(metricsTable)
        <div class="metrics">
        <figure><figcaption>Loss</figcaption>\(curves { $0.loss } validation: { $0.nll })</figure>
        <figure><figcaption>Accuracy</figcaption>\(curves { $0.accuracy } validation: { $0.windowAccuracy })</figure>
        \(report.all.map { "<figure><figcaption>Reliability of windows</figcaption>\(reliability($0))</figure>" } ?? "")
        </div>
        \(report.all.map { "<h2>By label</h2>\(labelTable($0))<h2>Confusion of clips</h2>\(matrix($0))" } ?? "")
        \(hardestTable)
        <h2>Configuration</h2><pre>\(Self.escape(configuration))</pre>
        </body></html>

        """
    }

    private var summary: String {
        let evaluation =
            report.folds == 0
            ? "Nothing was held out, so the accuracy is unknown."
            : report.folds == 1
                ? "Evaluated on held-out tracks, to which its temperature was also fitted."
                : "Evaluated by cross-validation: \(report.folds) networks, each on \(report.divided) that it was not trained on."
                    + (report.hasSharedTracks ? " Tracks that all of them hold out are evaluated with the first." : "")
                    + (report.unseenLabels.isEmpty
                        ? ""
                        : " All tracks of \(Self.escape(report.unseenLabels.joined(separator: ", "))) are in one fold: the"
                            + " network that is tested on them never saw that label, so its score for it is meaningless.")
        return """
            <p>\(report.date), seed \(report.seed): \(Self.escape(report.dataInWords)); \(report.weights) weights,
            \(Self.number(report.multiplicationsPerSecond / 1e6, 2)) million multiplications a second of audio;
            trained for \(Self.number(report.seconds / 60, 1)) minutes\(report.isResumed ? " since it was resumed" : ""). \(evaluation)
            \(report.trainedOnEverything ? "The model itself was then trained on everything." : "")
            Temperature \(Self.number(Double(report.temperature), 3))\(offsets).</p>
            """
    }

    /// Description of the offsets, if there are any.
    private var offsets: String {
        report.offsetsInWords.map {
            "; \(Self.escape($0)); each fold is evaluated with the calibration that fits the other folds"
        } ?? ""
    }

    private var metricsTable: String {
        guard let all = report.all else { return "<p>None.</p>" }
        let rows = report.parts.map { ($0.store, $0.metrics) } + (report.parts.count > 1 ? [("all", all)] : [])
        var result =
            "<table><tr><th></th><th>windows</th><th>accuracy</th><th>95 %</th><th>NLL</th><th>ECE</th>"
            + "<th>clips</th><th>accuracy</th><th>95 %</th><th>macro F1</th></tr>"
        for (name, metrics) in rows {
            let (windows, clips) = (metrics.windows, metrics.clips)
            result +=
                "<tr><td>\(Self.escape(name))</td><td>\(windows.n)</td><td>\(Self.percent(windows.accuracy))</td>"
                + "<td>\(Self.interval(windows.interval))</td><td>\(Self.number(windows.nll, 3))</td>"
                + "<td>\(Self.number(windows.ece, 3))</td><td>\(clips.n)</td><td>\(Self.percent(clips.accuracy))</td>"
                + "<td>\(Self.interval(clips.interval))</td><td>\(Self.number(clips.macroF1, 3))</td></tr>"
        }
        result += "</table>"
        if let a = report.noMusicCalledMusic, let b = report.musicCalledNoMusic {
            result +=
                "<p>Windows of no-music predicted as music: \(Self.percent(a)); of music predicted as no-music: \(Self.percent(b)).</p>"
        }
        return result + foldTable
    }

    private var foldTable: String {
        guard !report.byFold.isEmpty else { return "" }
        return report.byFold.reduce(
            "<table><tr><th>fold by fold</th><th></th><th>windows</th><th>accuracy</th><th>NLL</th><th>ECE</th>"
                + "<th>clips</th><th>accuracy</th></tr>"
        ) {
            $0 + "<tr><td>\(Self.escape($1.run))</td><td>\(Self.escape($1.store))</td><td>\($1.windows)</td>"
                + "<td>\(Self.percent($1.windowAccuracy))</td><td>\(Self.number($1.nll, 3))</td>"
                + "<td>\(Self.number($1.ece, 3))</td><td>\($1.clips)</td><td>\(Self.percent($1.clipAccuracy))</td></tr>"
        } + "</table>"
    }

    private func labelTable(_ metrics: ClassificationMetrics) -> String {
        metrics.perLabel.reduce(
            "<table><tr><th></th><th>windows</th><th>precision</th><th>recall</th><th>F1</th></tr>"
        ) {
            $0 + "<tr><td>\(Self.escape($1.label))</td><td>\($1.n)</td><td>\(Self.percent($1.precision))</td>"
                + "<td>\(Self.percent($1.recall))</td><td>\(Self.number($1.f1, 3))</td></tr>"
        } + "</table>"
    }

    private func matrix(_ metrics: ClassificationMetrics) -> String {
        var result =
            "<p>Rows are the reference labels, columns the predicted labels.</p><table class=\"matrix\"><tr><th></th>"
        for label in metrics.labels { result += "<th>\(Self.escape(label))</th>" }
        result += "</tr>"
        for (row, label) in metrics.labels.enumerated() {
            let total = metrics.clips.confusion[row].reduce(0, +)
            result += "<tr><td>\(Self.escape(label))</td>"
            for (column, count) in metrics.clips.confusion[row].enumerated() {
                let share = total == 0 ? 0 : Double(count) / Double(total)
                let colour = row == column ? "43,125,233" : "224,102,43"
                result +=
                    "<td style=\"background:rgba(\(colour),\(Self.number(share, 2)))\">\(count == 0 ? "" : "\(count)")</td>"
            }
            result += "</tr>"
        }
        return result + "</table>"
    }

    private var hardestTable: String {
        guard !report.hardest.isEmpty else { return "" }
        return report.hardest.reduce(
            "<h2>Hardest clips</h2><table><tr><th>track</th><th>reference</th><th>probability</th><th>predicted</th><th>probability</th></tr>"
        ) {
            $0
                + "<tr><td>\(Self.escape($1.track))</td><td>\(Self.escape($1.label))</td><td>\(Self.percent($1.probability))</td>"
                + "<td>\(Self.escape($1.predicted))</td><td>\(Self.percent($1.predictedProbability))</td></tr>"
        } + "</table>"
    }

    private var configuration: String { (try? JSON.indentedText(report.configuration)) ?? "" }
}

// MARK: - Drawings

extension ReportPage {
    /// A line for the training values of each run, and dots for its validation values.
    private func curves(
        _ training: (Trainer.Epoch) -> Double, validation: (Trainer.Validation) -> Double
    ) -> String {
        let values = report.runs.flatMap { run in
            run.epochs.map(training) + run.epochs.compactMap { $0.validation.map(validation) }
        }
        let epochs = max(2, report.runs.map(\.epochs.count).max() ?? 2)
        guard let low = values.min(), let high = values.max(), low.isFinite, high.isFinite else { return "" }
        let plot = ReportPlot(x: 1...Double(epochs), y: low...max(high, low + 1e-6))
        var body = plot.axes(xTitle: "epoch")
        for run in report.runs {
            body += plot.line(run.epochs.map { (Double($0.epoch), training($0)) }, colour: "var(--one)")
            let points = run.epochs.compactMap { epoch in epoch.validation.map { (Double(epoch.epoch), validation($0)) }
            }
            body += plot.line(points, colour: "var(--two)")
            body += points.map { plot.dot($0, colour: "var(--two)", radius: 2.5) }.joined()
        }
        return plot.svg(body) + "<br><small style=\"color:var(--one)\">training (augmented, mixed)</small> "
            + "<small style=\"color:var(--two)\">held out</small>"
    }

    /// Accuracy against confidence; a calibrated model lies on the diagonal.
    private func reliability(_ metrics: ClassificationMetrics) -> String {
        let plot = ReportPlot(x: 0...1, y: 0...1)
        let largest = Double(metrics.reliability.map(\.n).max() ?? 1)
        var body = plot.axes(xTitle: "confidence") + plot.line([(0, 0), (1, 1)], colour: "gray", dashed: true)
        let bins = metrics.reliability.filter { $0.n > 0 }
        body += plot.line(bins.map { ($0.confidence, $0.accuracy) }, colour: "var(--one)")
        for bin in bins {
            let radius = 2 + 6 * (Double(bin.n) / max(1, largest)).squareRoot()
            body += plot.dot((bin.confidence, bin.accuracy), colour: "var(--one)", radius: radius)
        }
        return plot.svg(body)
    }

    static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
    private static func percent(_ value: Double) -> String { "\(number(value * 100, 1)) %" }
    private static func interval(_ values: [Double]) -> String {
        values.map { number($0 * 100, 1) }.joined(separator: " – ")
    }
    private static func escape(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }
}
