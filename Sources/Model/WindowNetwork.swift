// SPDX-License-Identifier: GPL-3.0-or-later

extension GenreModel {
    /// Computes the logits, [labels], of one window.
    ///
    /// This is the reference implementation, in double precision and without state. `IncrementalNetwork` must agree
    /// with it.
    ///
    /// - Parameters:
    ///   - window: [windowFrames, coefficients], row-major, oldest frame first.
    ///   - rounded: whether weights and frames are rounded, as `QuantizedLayer` rounds them. Otherwise the weights are those
    ///     of the model file, which a model `forInference` no longer has.
    package func logits(window: [Float], rounded: Bool) -> [Float] {
        precondition(window.count == frontEnd.windowFrames * frontEnd.coefficients, "not a window of this front end")
        let layers = referenceLayers(rounded: rounded)
        var features: [Float] = []
        for branch in layers.branches {
            var frames = window
            var count = frontEnd.windowFrames
            for layer in branch { (frames, count) = layer.run(frames, count: count) }
            let channels = branch.last?.shape.outputs ?? 0
            let columns = (0..<channels).map { channel in
                (0..<count).map { Double(frames[$0 * channels + channel]) }
            }
            let means = columns.map { $0.reduce(0, +) / Double(count) }
            let deviations = zip(columns, means).map { column, mean in
                let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
                return (variance + Double(architecture.stdEpsilon)).squareRoot()
            }
            features += (means + columns.map { $0.max() ?? 0 } + deviations).map(Float.init)
        }
        return layers.head.run(features, count: 1).frames
    }

    private func referenceLayers(rounded: Bool) -> (branches: [[ReferenceLayer]], head: ReferenceLayer) {
        if rounded {
            return (network.branches.map { $0.map(ReferenceLayer.init) }, ReferenceLayer(network.head))
        }
        guard let weights else { preconditionFailure("a model without the weights of its file") }
        return (weights.branches.map { $0.map(ReferenceLayer.init) }, ReferenceLayer(weights.head))
    }
}

/// A layer, in double precision.
private struct ReferenceLayer {
    let shape: LayerShape
    /// [outputs, fan].
    private let weights: [Double]
    private let bias: [Float]
    /// Rounds the frames; nil if they stay as they are.
    private let quantized: QuantizedLayer?

    init(_ layer: Weights.Layer) {
        (shape, weights, bias, quantized) = (layer.shape, layer.weight.map(Double.init), layer.bias, nil)
    }

    init(_ layer: QuantizedLayer) {
        (shape, weights, bias, quantized) = (layer.shape, layer.weightValues, layer.biasValues, layer)
    }

    /// Applies convolution, ReLU and max-pooling to `count` frames.
    func run(_ frames: [Float], count: Int) -> (frames: [Float], count: Int) {
        let frames = rounded(frames)
        func input(_ frame: Int, _ band: Int, _ channel: Int) -> Double {
            guard (0..<shape.bands).contains(band) else { return 0 }
            return frames[(frame * shape.bands + band) * shape.inputs + channel]
        }
        let pooledCount = (count - (shape.kernel.time - 1)) / shape.pool.time
        var pooled = [Float](repeating: -.infinity, count: pooledCount * shape.pooledWidth)
        for position in 0..<(pooledCount * shape.pool.time) {
            for band in 0..<(shape.pooledBands * shape.pool.frequency) {
                for output in 0..<shape.outputs {
                    var sum = Double(bias[output])
                    var place = output * shape.fan
                    for time in 0..<shape.kernel.time {
                        for frequency in 0..<shape.kernel.frequency {
                            for channel in 0..<shape.inputs {
                                let value = input(position + time, band + frequency - shape.padding, channel)
                                sum += weights[place] * value
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

    private func rounded(_ frames: [Float]) -> [Double] {
        guard let quantized else { return frames.map(Double.init) }
        let width = shape.bands * shape.inputs
        var numbers = [Int16](repeating: 0, count: width)
        return stride(from: 0, to: frames.count, by: width).flatMap { start in
            let unit = Double(quantized.arithmetic.quantize(Array(frames[start..<start + width]), into: &numbers))
            return numbers.map { unit * Double($0) }
        }
    }
}
