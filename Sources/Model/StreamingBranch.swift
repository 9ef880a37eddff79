/// A branch on a stream: its layers, and what they gave for the window.
final class StreamingBranch {
    /// Numbers that `summarise` gives.
    let featureCount: Int

    private let layers: [StreamingLayer]
    /// The last layer's outputs: the positions of one window, oldest first.
    private let positions: UnsafeMutablePointer<Float>
    private let positionCapacity: Int
    private var positionCount = 0
    private let channels: Int

    /// - Parameters:
    ///   - positions: those of the last layer in a window.
    ///   - step: the most frames that are appended between two runs.
    init(layers: [Weights.Layer], positions: Int, step: Int) {
        var block = step
        self.layers = layers.map { layer in
            // What one layer gives at once, the next gets at once; a pool that waits may give one more.
            defer { block = block / layer.shape.pool.time + 1 }
            return StreamingLayer(layer: layer, capacity: block)
        }
        channels = layers.last?.shape.outputs ?? 0
        featureCount = channels * Architecture.statistics.count
        positionCapacity = positions
        self.positions = .allocate(capacity: positions * channels)
        self.positions.initialize(repeating: 0, count: positions * channels)
    }

    deinit { positions.deallocate() }

    func reset() {
        positionCount = 0
        for layer in layers { layer.reset() }
    }

    /// - Parameter coefficients: a frame of them.
    func append(_ coefficients: UnsafePointer<Float>) { layers[0].append(coefficients) }

    /// Convolves what was appended.
    func run() {
        for index in layers.indices {
            let next = index + 1 < layers.count ? layers[index + 1] : nil
            layers[index].run { output in
                if let next { next.append(output) } else { self.keep(output) }
            }
        }
    }

    /// The statistics over the window's positions, `featureCount` of them; meaningful once a window is complete.
    func summarise(epsilon: Float, into features: UnsafeMutablePointer<Float>) {
        Kernels.statistics(
            positions, positions: positionCapacity, channels: channels, epsilon: epsilon, into: features)
    }

    private func keep(_ output: UnsafePointer<Float>) {
        if positionCount == positionCapacity {
            positions.update(from: positions + channels, count: (positionCapacity - 1) * channels)
            positionCount -= 1
        }
        (positions + positionCount * channels).update(from: output, count: channels)
        positionCount += 1
    }
}
