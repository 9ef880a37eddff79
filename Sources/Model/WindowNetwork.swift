// SPDX-License-Identifier: GPL-3.0-or-later

extension GenreModel {
    /// Computes the logits, [labels], of one window.
    ///
    /// This is the reference implementation, in double precision and without state, with the weights of the model file.
    ///
    /// - Parameter window: [windowFrames, coefficients], row-major, oldest frame first.
    package func logits(window: [Float]) -> [Float] {
        precondition(window.count == frontEnd.windowFrames * frontEnd.coefficients, "not a window of this front end")
        guard let weights else { preconditionFailure("a model without the file's weights") }
        var features: [Float] = []
        for layers in weights.branches {
            var frames = window
            var count = frontEnd.windowFrames
            for layer in layers { (frames, count) = Self.run(layer, frames, count: count) }
            let channels = layers.last?.shape.outputs ?? 0
            var statistics = [Float](repeating: 0, count: channels * architecture.statistics.count)
            Kernels.statistics(
                frames, positions: count, channels: channels, epsilon: architecture.stdEpsilon, into: &statistics)
            features += statistics
        }
        return Self.run(weights.head, features, count: 1).frames
    }

    /// Applies convolution, ReLU and max-pooling to `count` frames.
    private static func run(_ layer: Weights.Layer, _ frames: [Float], count: Int) -> (frames: [Float], count: Int) {
        let shape = layer.shape
        let weights = layer.weight
        func input(_ frame: Int, _ band: Int, _ channel: Int) -> Double {
            guard (0..<shape.bands).contains(band) else { return 0 }
            return Double(frames[(frame * shape.bands + band) * shape.inputs + channel])
        }
        let pooledCount = (count - (shape.kernel.time - 1)) / shape.pool.time
        var pooled = [Float](repeating: -.infinity, count: pooledCount * shape.pooledWidth)
        for position in 0..<(pooledCount * shape.pool.time) {
            for band in 0..<(shape.pooledBands * shape.pool.frequency) {
                for output in 0..<shape.outputs {
                    var sum = Double(layer.bias[output])
                    var place = output * shape.fan
                    for time in 0..<shape.kernel.time {
                        for frequency in 0..<shape.kernel.frequency {
                            for channel in 0..<shape.inputs {
                                let value = input(position + time, band + frequency - shape.padding, channel)
                                sum += Double(weights[place]) * value
                                place += 1
                            }
                        }
                    }
                    let (time, frequency) = (position / shape.pool.time, band / shape.pool.frequency)
                    let target = (time * shape.pooledBands + frequency) * shape.outputs + output
                    pooled[target] = max(pooled[target], Float(shape.rectified ? max(0, sum) : sum))
                }
            }
        }
        return (pooled, pooledCount)
    }
}
