// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Metrics of a model's predictions for a set of tracks.
package struct ClassificationMetrics: Codable, Sendable {
    package struct Windows: Codable, Sendable {
        package var n: Int
        package var accuracy: Double
        /// 95 % interval, computed for the number of clips, since the windows of a clip are not independent.
        package var interval: [Double]
        package var macroF1: Double
        /// Mean negative log-likelihood, natural logarithm.
        package var nll: Double
        /// Expected calibration error, 15 bins of equal width.
        package var ece: Double
    }

    package struct Clips: Codable, Sendable {
        package var n: Int
        package var accuracy: Double
        package var interval: [Double]
        package var macroF1: Double
        /// Number of clips by reference label (row) and predicted label (column).
        package var confusion: [[Int]]
    }

    /// A bin of the reliability diagram.
    package struct Bin: Codable, Sendable {
        package var n: Int
        package var confidence: Double
        package var accuracy: Double
    }

    /// Metrics of one label, over windows.
    package struct Label: Codable, Sendable {
        package var label: String
        package var n: Int
        package var precision: Double
        package var recall: Double
        package var f1: Double
    }

    package enum Vote: String, Sendable, CaseIterable {
        /// A clip's label is the one with the greatest mean log-probability over its windows.
        case logarithmic
        /// A clip's label is the one that most of its windows have.
        case majority
    }

    package var windows: Windows
    package var clips: Clips
    package var labels: [String]
    /// Number of windows by reference label (row) and predicted label (column).
    package var confusion: [[Int]]
    package var perLabel: [Label]
    package var reliability: [Bin]

    package static let bins = 15

    /// Evaluates outputs. Clips without a window are ignored.
    package init(_ outputs: [ClipOutput], labels: [String], temperature: Float = 1, vote: Vote = .logarithmic) {
        let empty = [[Int]](repeating: [Int](repeating: 0, count: labels.count), count: labels.count)
        var (confusion, clipConfusion) = (empty, empty)
        var sums = [(n: Int, confidence: Double, hits: Int)](repeating: (0, 0, 0), count: Self.bins)
        var nll = 0.0
        for output in outputs where output.windows > 0 {
            var votes = [Int](repeating: 0, count: labels.count)
            var logSums = [Double](repeating: 0, count: labels.count)
            for window in 0..<output.windows {
                let row = output.logProbabilities(window: window, temperature: temperature)
                let predicted = Self.indexOfMaximum(row)
                confusion[output.label][predicted] += 1
                votes[predicted] += 1
                for label in row.indices { logSums[label] += Double(row[label]) }
                nll -= Double(row[output.label])
                let confidence = Double(exp(row[predicted]))
                let bin = max(0, min(Self.bins - 1, Int(confidence * Double(Self.bins))))
                sums[bin].n += 1
                sums[bin].confidence += confidence
                sums[bin].hits += predicted == output.label ? 1 : 0
            }
            let predicted = vote == .majority ? Self.indexOfMaximum(votes) : Self.indexOfMaximum(logSums)
            clipConfusion[output.label][predicted] += 1
        }
        let count = confusion.joined().reduce(0, +)
        let clipCount = clipConfusion.joined().reduce(0, +)
        let hits = labels.indices.reduce(0) { $0 + confusion[$1][$1] }
        let clipHits = labels.indices.reduce(0) { $0 + clipConfusion[$1][$1] }
        let accuracy = Proportion(hits: hits, count: count, independent: clipCount)
        let clipAccuracy = Proportion(hits: clipHits, count: clipCount)
        let perLabel = Self.perLabel(confusion, labels)
        reliability = sums.map { bin in
            let n = Double(max(1, bin.n))
            return Bin(n: bin.n, confidence: bin.confidence / n, accuracy: Double(bin.hits) / n)
        }
        let ece = reliability.reduce(0) { $0 + Double($1.n) * abs($1.confidence - $1.accuracy) } / Double(max(1, count))
        windows = Windows(
            n: count, accuracy: accuracy.value, interval: [accuracy.low, accuracy.high],
            macroF1: Self.macroF1(perLabel), nll: nll / Double(max(1, count)), ece: ece)
        clips = Clips(
            n: clipCount, accuracy: clipAccuracy.value, interval: [clipAccuracy.low, clipAccuracy.high],
            macroF1: Self.macroF1(Self.perLabel(clipConfusion, labels)), confusion: clipConfusion)
        self.labels = labels
        self.confusion = confusion
        self.perLabel = perLabel
    }

    /// The share of the windows with certain reference labels that have certain predicted labels; nil without such windows.
    package func share(ofReference isReference: (Int) -> Bool, predicted isPredicted: (Int) -> Bool) -> Double? {
        let rows = labels.indices.filter(isReference)
        let total = rows.reduce(0) { $0 + confusion[$1].reduce(0, +) }
        guard total > 0 else { return nil }
        let hits = rows.reduce(0) { sum, row in
            sum + labels.indices.filter(isPredicted).reduce(0) { $0 + confusion[row][$1] }
        }
        return Double(hits) / Double(total)
    }

    private static func perLabel(_ confusion: [[Int]], _ labels: [String]) -> [Label] {
        labels.indices.map { label in
            let hits = Double(confusion[label][label])
            let actual = Double(confusion[label].reduce(0, +))
            let predicted = Double(confusion.reduce(0) { $0 + $1[label] })
            return Label(
                label: labels[label], n: Int(actual), precision: predicted == 0 ? 0 : hits / predicted,
                recall: actual == 0 ? 0 : hits / actual,
                f1: actual + predicted == 0 ? 0 : 2 * hits / (actual + predicted))
        }
    }

    /// The mean F1 of the labels that occur.
    private static func macroF1(_ labels: [Label]) -> Double {
        let present = labels.filter { $0.n > 0 }
        return present.reduce(0) { $0 + $1.f1 } / Double(max(1, present.count))
    }

    private static func indexOfMaximum<T: Comparable>(_ values: [T]) -> Int {
        var best = 0
        for index in values.indices where values[index] > values[best] { best = index }
        return best
    }
}
