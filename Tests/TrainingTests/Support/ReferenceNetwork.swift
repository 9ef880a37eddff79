// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

@testable import Training

/// A simple implementation of the network in double precision, which the fast one must agree with. Its finite differences
/// are exact enough to check every derivative.
struct ReferenceNetwork {
    let shape: NetworkShape
    /// [branch][window][frame][coefficient or band].
    let inputs: [[[[Double]]]]
    let targets: [[Double]]
    /// [window][feature]: the factors of dropout.
    let mask: [[Double]]

    /// The logits of a window.
    struct Logits {
        /// [branch][label].
        var branches: [[Double]]
        /// [label].
        var mean: [Double] {
            branches[0].indices.map { label in branches.reduce(0) { $0 + $1[label] } / Double(branches.count) }
        }
    }

    /// The mean of the branches' mean cross-entropies.
    func loss(_ parameters: [Double]) -> Double {
        let logits = logits(parameters)
        var sum = 0.0
        for (window, target) in zip(logits, targets) {
            for values in window.branches {
                let logSum = log(values.map(exp).reduce(0, +))
                for (value, wanted) in zip(values, target) { sum -= wanted * (value - logSum) }
            }
        }
        return sum / Double(targets.count * shape.branches.count)
    }

    func logits(_ parameters: [Double]) -> [Logits] {
        let branches = zip(shape.branches, inputs).map { logits(of: $0, $1, parameters) }
        return targets.indices.map { window in Logits(branches: branches.map { $0[window] }) }
    }

    /// A branch's own logits, [window][label].
    private func logits(
        of branch: NetworkShape.Branch, _ input: [[[Double]]], _ parameters: [Double]
    ) -> [[Double]] {
        var activations = input
        for block in shape.blocks[branch.blocks] {
            let layer = block.layer
            // [window][position][band and channel].
            var convolved = activations.map { frames in
                (0..<block.positions).map { position in
                    (0..<layer.bands).flatMap { band in
                        (0..<layer.outputs).map { output in
                            convolution(parameters, block, frames, position, band, output)
                        }
                    }
                }
            }
            for channel in 0..<layer.outputs {
                let places = (0..<layer.bands).map { $0 * layer.outputs + channel }
                let values = convolved.flatMap { $0.flatMap { frame in places.map { frame[$0] } } }
                let mean = values.reduce(0, +) / Double(values.count)
                let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
                let scale =
                    parameters[block.scale.lowerBound + channel]
                    / (variance + Double(TrainingNetwork.epsilon)).squareRoot()
                for window in convolved.indices {
                    for position in convolved[window].indices {
                        for place in places {
                            let value =
                                (convolved[window][position][place] - mean) * scale
                                + parameters[block.shift.lowerBound + channel]
                            convolved[window][position][place] = max(0, value)
                        }
                    }
                }
            }
            activations = convolved.map { positions in
                (0..<block.pooled).map { pooled in
                    (0..<layer.pooledWidth).map { place in
                        let (band, channel) = (place / layer.outputs, place % layer.outputs)
                        var largest = 0.0
                        for time in 0..<layer.pool.time {
                            for frequency in 0..<layer.pool.frequency {
                                let from = (band * layer.pool.frequency + frequency) * layer.outputs + channel
                                largest = max(largest, positions[pooled * layer.pool.time + time][from])
                            }
                        }
                        return largest
                    }
                }
            }
        }
        return zip(activations, mask).map { positions, mask in
            let channels = positions[0].count
            let count = Double(positions.count)
            let columns = (0..<channels).map { channel in positions.map { $0[channel] } }
            let means = columns.map { $0.reduce(0, +) / count }
            let deviations = zip(columns, means).map { column, mean in
                (column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count + Double(shape.architecture.stdEpsilon))
                    .squareRoot()
            }
            let features = zip(means + columns.map { $0.max() ?? 0 } + deviations, mask[branch.features])
                .map { $0 * $1 }
            return (0..<shape.labels).map { label in
                let row = shape.headWeight.lowerBound + label * shape.features + branch.features.lowerBound
                return features.indices.reduce(parameters[shape.headBias.lowerBound + label]) { sum, feature in
                    sum + Double(shape.branches.count) * parameters[row + feature] * features[feature]
                }
            }
        }
    }

    /// One output of a block's convolution, with zeros beside the outermost bands.
    private func convolution(
        _ parameters: [Double], _ block: NetworkShape.Block, _ frames: [[Double]], _ position: Int, _ band: Int,
        _ output: Int
    ) -> Double {
        let layer = block.layer
        var sum = 0.0
        for time in 0..<layer.kernel.time {
            for frequency in 0..<layer.kernel.frequency {
                let from = band + frequency - layer.kernel.frequency / 2
                guard (0..<layer.bands).contains(from) else { continue }
                for channel in 0..<layer.inputs {
                    let tap = (output * layer.kernel.time + time) * layer.kernel.frequency + frequency
                    let weight = parameters[block.weight.lowerBound + tap * layer.inputs + channel]
                    sum += weight * frames[position + time][from * layer.inputs + channel]
                }
            }
        }
        return sum
    }
}
