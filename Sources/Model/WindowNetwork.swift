extension GenreModel {
    /// The logits of one window: [windowFrames, coefficients], row-major, oldest frame first.
    ///
    /// The plain form of the network, which allocates and keeps nothing; what `IncrementalNetwork` must agree with.
    public func logits(window: [Float]) -> [Float] {
        precondition(window.count == frontEnd.windowFrames * frontEnd.coefficients, "not a window of this front end")
        var frames = window
        var count = frontEnd.windowFrames
        for layer in weights.layers {
            let weights = layer.weight.floats
            let positions = count - (layer.kernel - 1)
            var convolved = [Float](repeating: 0, count: positions * layer.outputs)
            for position in 0..<positions {
                for channel in 0..<layer.outputs {
                    var sum = Double(layer.bias[channel])
                    for tap in 0..<(layer.kernel * layer.inputs) {
                        let weight = weights[channel * layer.kernel * layer.inputs + tap]
                        sum += Double(weight) * Double(frames[position * layer.inputs + tap])
                    }
                    convolved[position * layer.outputs + channel] = Float(max(0, sum))
                }
            }
            count = positions / layer.pool
            frames = [Float](repeating: -.infinity, count: count * layer.outputs)
            for position in 0..<(count * layer.pool) {
                for channel in 0..<layer.outputs {
                    let target = position / layer.pool * layer.outputs + channel
                    frames[target] = max(frames[target], convolved[position * layer.outputs + channel])
                }
            }
        }
        var features = [Float](repeating: 0, count: architecture.features)
        var logits = [Float](repeating: 0, count: labels.count)
        Kernels.statistics(
            frames, positions: count, channels: features.count / Architecture.statistics.count,
            epsilon: architecture.stdEpsilon, into: &features)
        weights.headWeight.apply(
            weights.headBias, features, columns: 1, stride: features.count, rectify: false, into: &logits)
        return logits
    }
}
