// SPDX-License-Identifier: GPL-3.0-or-later

import Training

/// Figures for people.
enum FiguresTable {
    static func lines(_ figures: ClassificationMetrics) -> [String] {
        func interval(_ values: [Double]) -> String {
            "\((values[0] * 100).digits(1)) – \((values[1] * 100).digits(1))"
        }
        var lines = Terminal.table([
            ["", "n", "accuracy", "95 %", "macro F1", "NLL", "ECE"],
            [
                "windows", "\(figures.windows.n)", figures.windows.accuracy.percent, interval(figures.windows.interval),
                figures.windows.macroF1.digits(3), figures.windows.nll.digits(3), figures.windows.ece.digits(3),
            ],
            [
                "clips", "\(figures.clips.n)", figures.clips.accuracy.percent, interval(figures.clips.interval),
                figures.clips.macroF1.digits(3), "", "",
            ],
        ])
        lines.append("")
        lines.append("Windows: what they are (rows) and what the model says (columns, %)")
        let shown = figures.labels.indices.filter { figures.confusion[$0].reduce(0, +) > 0 }
        lines += Terminal.table(
            [[""] + figures.labels.map { String($0.prefix(6)) } + ["n", "F1"]]
                + shown.map { row in
                    let total = Double(max(1, figures.confusion[row].reduce(0, +)))
                    return [figures.labels[row]]
                        + figures.confusion[row].map { $0 == 0 ? "·" : (Double($0) / total * 100).digits(0) }
                        + ["\(Int(total))", figures.perLabel[row].f1.digits(2)]
                })
        return lines
    }
}
