// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// A training report as one HTML page that needs nothing else: text, tables, and drawings in SVG.
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
        \(figuresTable)
        <div class="figures">
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
        let judged =
            report.folds == 0
            ? "Nothing was held out: nothing is known of its accuracy."
            : report.folds == 1
                ? "Judged by tracks that it was not trained on, but that its temperature was fitted to."
                : "Judged by \(report.folds) networks, each by \(report.divided) that it was not trained on."
                    + (report.hasTracksOfAll ? " What all of them hold out is judged by the first." : "")
                    + (report.unseenLabels.isEmpty
                        ? ""
                        : " Of \(Self.escape(report.unseenLabels.joined(separator: ", "))) all there is was held out at once:"
                            + " no more than chance can be right there.")
        return """
            <p>\(report.date), seed \(report.seed): \(report.tracks) tracks of \(report.groups) groups from
            \(Self.escape(report.stores.joined(separator: ", "))); \(report.weights) weights,
            \(Self.number(report.multiplicationsPerSecond / 1e6, 2)) million multiplications a second of audio;
            trained for \(Self.number(report.seconds / 60, 1)) minutes\(report.isResumed ? " since it was resumed" : ""). \(judged)
            \(report.trainedOnEverything ? "The model itself was then trained on everything." : "")
            Temperature \(Self.number(Double(report.temperature), 3))\(offsets).</p>
            """
    }

    /// What calibration adds to the logits, where it adds anything.
    private var offsets: String {
        report.offsetsInWords.map { "; \(Self.escape($0)); each fold is judged with what fits the others" } ?? ""
    }

    private var figuresTable: String {
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
                "<p>Windows of no-music called music: \(Self.percent(a)); of music called no-music: \(Self.percent(b)).</p>"
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
        var result = "<p>Rows are what clips are, columns what was said.</p><table class=\"matrix\"><tr><th></th>"
        for label in metrics.labels { result += "<th>\(Self.escape(label))</th>" }
        result += "</tr>"
        for (row, label) in metrics.labels.enumerated() {
            let total = metrics.clips.confusion[row].reduce(0, +)
            result += "<tr><td>\(Self.escape(label))</td>"
            for (column, count) in metrics.clips.confusion[row].enumerated() {
                let share = total == 0 ? 0 : Double(count) / Double(total)
                let hue = row == column ? "43,125,233" : "224,102,43"
                result +=
                    "<td style=\"background:rgba(\(hue),\(Self.number(share, 2)))\">\(count == 0 ? "" : "\(count)")</td>"
            }
            result += "</tr>"
        }
        return result + "</table>"
    }

    private var hardestTable: String {
        guard !report.hardest.isEmpty else { return "" }
        return report.hardest.reduce(
            "<h2>Hardest clips</h2><table><tr><th>track</th><th>is</th><th>probability</th><th>said</th><th>probability</th></tr>"
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
    /// A line a run of what training measured, and dots of what validation did.
    private func curves(
        _ training: (Trainer.Epoch) -> Double, validation: (Trainer.Validation) -> Double
    ) -> String {
        let values = report.runs.flatMap { run in
            run.epochs.map(training) + run.epochs.compactMap { $0.validation.map(validation) }
        }
        let epochs = max(2, report.runs.map(\.epochs.count).max() ?? 2)
        guard let low = values.min(), let high = values.max(), low.isFinite, high.isFinite else { return "" }
        let plot = Plot(x: 1...Double(epochs), y: low...max(high, low + 1e-6))
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

    /// How often the model is right when it is so sure; the diagonal is what should be.
    private func reliability(_ metrics: ClassificationMetrics) -> String {
        let plot = Plot(x: 0...1, y: 0...1)
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

    /// The frame of a drawing, and where values lie in it.
    private struct Plot {
        let x: ClosedRange<Double>
        let y: ClosedRange<Double>
        let width = 380.0
        let height = 240.0
        let left = 42.0
        let right = 18.0
        let bottom = 30.0

        func place(_ point: (Double, Double)) -> (Double, Double) {
            let across = (point.0 - x.lowerBound) / (x.upperBound - x.lowerBound)
            let up = (point.1 - y.lowerBound) / (y.upperBound - y.lowerBound)
            return (left + across * (width - left - right), (height - bottom) - up * (height - bottom - 8))
        }

        func svg(_ body: String) -> String {
            "<svg viewBox=\"0 0 \(Int(width)) \(Int(height))\" width=\"\(Int(width))\" role=\"img\">\(body)</svg>"
        }

        func axes(xTitle: String) -> String {
            var result = ""
            for step in 0...4 {
                let (fx, fy) = (Double(step) / 4, Double(step) / 4)
                let xValue = x.lowerBound + fx * (x.upperBound - x.lowerBound)
                let yValue = y.lowerBound + fy * (y.upperBound - y.lowerBound)
                let (px, _) = place((xValue, y.lowerBound))
                let (_, py) = place((x.lowerBound, yValue))
                let xLabel = x.upperBound <= 1 ? number(xValue, 2) : number(xValue, 0)
                result +=
                    "<line x1=\"\(number(left, 1))\" x2=\"\(number(width - right, 1))\" y1=\"\(number(py, 1))\" "
                    + "y2=\"\(number(py, 1))\" stroke=\"var(--line)\"/>"
                    + "<text x=\"\(number(left - 5, 1))\" y=\"\(number(py + 4, 1))\" text-anchor=\"end\">\(number(yValue, 2))</text>"
                    + "<text x=\"\(number(px, 1))\" y=\"\(number(height - 16, 1))\" text-anchor=\"middle\">\(xLabel)</text>"
            }
            return result
                + "<text x=\"\(number((left + width) / 2, 1))\" y=\"\(number(height - 3, 1))\" text-anchor=\"middle\">\(xTitle)</text>"
        }

        func line(_ points: [(Double, Double)], colour: String, dashed: Bool = false) -> String {
            let path = points.map(place).map { "\(number($0.0, 1)),\(number($0.1, 1))" }.joined(separator: " ")
            return "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.5\""
                + (dashed ? " stroke-dasharray=\"4 4\"" : "") + "/>"
        }

        func dot(_ point: (Double, Double), colour: String, radius: Double) -> String {
            let (px, py) = place(point)
            return
                "<circle cx=\"\(number(px, 1))\" cy=\"\(number(py, 1))\" r=\"\(number(radius, 1))\" fill=\"\(colour)\"/>"
        }

        private func number(_ value: Double, _ digits: Int) -> String { ReportPage.number(value, digits) }
    }

    fileprivate static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
    private static func percent(_ value: Double) -> String { "\(number(value * 100, 1)) %" }
    private static func interval(_ values: [Double]) -> String {
        values.map { number($0 * 100, 1) }.joined(separator: " – ")
    }
    private static func escape(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }
}
