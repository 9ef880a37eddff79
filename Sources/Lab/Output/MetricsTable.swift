// SPDX-License-Identifier: GPL-3.0-or-later

import Training

/// Metrics as tables of text.
enum MetricsTable {
    static func lines(_ metrics: ClassificationMetrics) -> [String] {
        func interval(_ values: [Double]) -> String {
            "\((values[0] * 100).digits(1)) – \((values[1] * 100).digits(1))"
        }
        var lines = Table.lines([
            ["", "n", "accuracy", "95 %", "macro F1", "NLL", "ECE"],
            [
                "windows", "\(metrics.windows.n)", metrics.windows.accuracy.percent, interval(metrics.windows.interval),
                metrics.windows.macroF1.digits(3), metrics.windows.nll.digits(3), metrics.windows.ece.digits(3),
            ],
            [
                "clips", "\(metrics.clips.n)", metrics.clips.accuracy.percent, interval(metrics.clips.interval),
                metrics.clips.macroF1.digits(3), "", "",
            ],
        ])
        lines.append("")
        lines.append("Windows: reference (rows) and prediction (columns, %)")
        let shown = metrics.labels.indices.filter { metrics.confusion[$0].reduce(0, +) > 0 }
        lines += Table.lines(
            [[""] + metrics.labels.map { String($0.prefix(6)) } + ["n", "F1"]]
                + shown.map { row in
                    let total = Double(max(1, metrics.confusion[row].reduce(0, +)))
                    return [metrics.labels[row]]
                        + metrics.confusion[row].map { $0 == 0 ? "·" : (Double($0) / total * 100).digits(0) }
                        + ["\(Int(total))", metrics.perLabel[row].f1.digits(3)]
                })
        return lines
    }
}
