import Foundation

@testable import Training

/// The network once more, in double precision and as plainly as it can be written: what the quick one must agree with,
/// and whose finite differences are exact enough to check every derivative.
struct ReferenceNetwork {
    let shape: NetworkShape
    /// [window][frame][coefficient].
    let input: [[[Double]]]
    let targets: [[Double]]
    /// What dropout multiplies the features by.
    let mask: [[Double]]

    /// The mean cross-entropy.
    func loss(_ parameters: [Double]) -> Double {
        let logits = logits(parameters)
        var sum = 0.0
        for (values, target) in zip(logits, targets) {
            let logSum = log(values.map(exp).reduce(0, +))
            for (value, wanted) in zip(values, target) { sum -= wanted * (value - logSum) }
        }
        return sum / Double(input.count)
    }

    func logits(_ parameters: [Double]) -> [[Double]] {
        var activations = input
        for block in shape.blocks {
            var convolved = activations.map { frames in
                (0..<block.positions).map { position in
                    (0..<block.outputs).map { output in
                        var sum = 0.0
                        for tap in 0..<block.kernel {
                            for channel in 0..<block.inputs {
                                let weight =
                                    block.weight.lowerBound + (output * block.kernel + tap) * block.inputs + channel
                                sum += parameters[weight] * frames[position + tap][channel]
                            }
                        }
                        return sum
                    }
                }
            }
            for channel in 0..<block.outputs {
                let values = convolved.flatMap { $0.map { $0[channel] } }
                let mean = values.reduce(0, +) / Double(values.count)
                let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
                let scale =
                    parameters[block.scale.lowerBound + channel]
                    / (variance + Double(TrainingNetwork.epsilon)).squareRoot()
                for window in convolved.indices {
                    for position in convolved[window].indices {
                        let value =
                            (convolved[window][position][channel] - mean) * scale
                            + parameters[block.shift.lowerBound + channel]
                        convolved[window][position][channel] = max(0, value)
                    }
                }
            }
            activations = convolved.map { positions in
                (0..<block.pooled).map { pooled in
                    (0..<block.outputs).map { channel in
                        (0..<block.pool).map { positions[pooled * block.pool + $0][channel] }.max() ?? 0
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
            let features = zip(means + columns.map { $0.max() ?? 0 } + deviations, mask).map { $0 * $1 }
            return (0..<shape.labels).map { label in
                features.indices.reduce(parameters[shape.headBias.lowerBound + label]) { sum, feature in
                    sum + parameters[shape.headWeight.lowerBound + label * features.count + feature] * features[feature]
                }
            }
        }
    }
}
