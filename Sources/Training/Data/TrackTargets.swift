// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model

/// A teacher's probabilities of a track's labels, one row for each 3 s: knowledge distillation (Hinton, Vinyals and Dean,
/// "Distilling the knowledge in a neural network", 2015) from a teacher that is not here.
package struct TrackTargets: Sendable, Equatable {
    /// Frames of a row: row k is for the frames from `rowFrames`·k on.
    static let rowFrames = FrontEnd.version1.windowFrames

    /// [rows, labels]: each row sums to 1.
    let rows: [Float]
    let labels: Int
    /// [labels]: the rows' normalised geometric mean, which is right more often than a single row.
    let whole: [Float]
    var count: Int { rows.count / labels }

    /// - Parameter rows: [rows, labels], at least one row; each sums to 1.
    init(rows: [Float], labels: Int) {
        precondition(labels > 0 && !rows.isEmpty && rows.count % labels == 0, "targets have whole rows")
        self.rows = rows
        self.labels = labels
        var logarithms = [Double](repeating: 0, count: labels)
        for (place, value) in rows.enumerated() { logarithms[place % labels] += log(max(1e-4, Double(value))) }
        let count = Double(rows.count / labels)
        let powers = logarithms.map { exp($0 / count) }
        let sum = powers.reduce(0, +)
        whole = powers.map { Float($0 / sum) }
    }

    /// Writes the targets of a stretch of the track to `output`, which gets `labels` values that sum to 1.
    ///
    /// - Parameters:
    ///   - start: where the stretch begins, in frames.
    ///   - length: its length in frames, above 0.
    ///   - configuration: how much of the whole track's targets is mixed in, and the temperature.
    func write(
        start: Float, length: Float, _ configuration: TargetsConfiguration, to output: UnsafeMutablePointer<Float>
    ) {
        let ownShare = Float(configuration.windowShare)
        for label in 0..<labels { output[label] = (1 - ownShare) * whole[label] }
        // Each row counts by how much of the stretch it covers. The last row is for what follows it, too.
        let (first, last) = (row(at: start), row(at: start + length))
        for row in first...last {
            let from = row == first ? start : Float(row * Self.rowFrames)
            let to = row == last ? start + length : Float((row + 1) * Self.rowFrames)
            let weight = ownShare * (to - from) / length
            for label in 0..<labels { output[label] += weight * rows[row * labels + label] }
        }
        guard configuration.temperature != 1 else { return }
        let power = Float(1 / configuration.temperature)
        var sum: Float = 0
        for label in 0..<labels {
            output[label] = pow(output[label], power)
            sum += output[label]
        }
        for label in 0..<labels { output[label] /= sum }
    }

    private func row(at frame: Float) -> Int { max(0, min(count - 1, Int(frame) / Self.rowFrames)) }
}
