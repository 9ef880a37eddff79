/// The network on a stream: each frame's convolutions are computed once, and what later windows need of them is kept.
///
/// Frames are pushed one by one; every `architecture.step` frames, from the first whole window on, a push
/// completes a window and its logits are there. The result for a window is the same as `GenreModel.logits(window:)`
/// gives for its frames. Nothing is allocated after `init`. Used from one thread at a time.
public final class IncrementalNetwork {
    public let model: GenreModel
    /// Frames pushed since the last reset.
    public private(set) var frames = 0
    /// The logits of the last window; meaningless before the first.
    public let logits: UnsafeMutableBufferPointer<Float>

    private let layers: [StreamingLayer]
    /// The last block's outputs: the positions of one window, oldest first.
    private let positions: UnsafeMutablePointer<Float>
    private let positionCapacity: Int
    private var positionCount = 0
    private let features: UnsafeMutablePointer<Float>
    private let windowFrames: Int
    private let step: Int
    private let channels: Int

    public init(model: GenreModel) {
        self.model = model
        windowFrames = model.frontEnd.windowFrames
        step = model.architecture.step
        channels = model.weights.layers.last?.shape.outputs ?? 0
        // A block of at most `step` frames goes through at once; a layer never gets more than it did.
        var block = step
        layers = model.weights.layers.map { layer in
            defer { block = block / layer.shape.pool.time + 1 }
            return StreamingLayer(layer: layer, capacity: block)
        }
        positionCapacity = model.architecture.positions(frames: windowFrames)
        positions = .allocate(capacity: positionCapacity * channels)
        features = .allocate(capacity: model.architecture.features)
        logits = .allocate(capacity: model.labels.count)
        positions.initialize(repeating: 0, count: positionCapacity * channels)
        features.initialize(repeating: 0, count: model.architecture.features)
        logits.initialize(repeating: 0)
    }

    deinit {
        positions.deallocate()
        features.deallocate()
        logits.deallocate()
    }

    /// Forgets all frames.
    public func reset() {
        frames = 0
        positionCount = 0
        for layer in layers { layer.reset() }
    }

    /// Takes a frame of coefficients; true when it completed a window, whose logits are then in `logits`.
    public func push(_ coefficients: UnsafePointer<Float>) -> Bool {
        layers[0].append(coefficients)
        frames += 1
        // Windows end at windowFrames + k·step; only there is anything worth computing, and a block at a time reads
        // each weight once for several frames.
        guard (frames - windowFrames) % step == 0 else { return false }
        for index in layers.indices {
            let next = index + 1 < layers.count ? layers[index + 1] : nil
            layers[index].run { output in
                if let next { next.append(output) } else { self.append(output) }
            }
        }
        guard frames >= windowFrames else { return false }
        Kernels.statistics(
            positions, positions: positionCapacity, channels: channels, epsilon: model.architecture.stdEpsilon,
            into: features)
        let weights = model.weights
        weights.headWeight.apply(
            weights.headBias, features, columns: 1, stride: weights.headWeight.length, rectify: false,
            into: logits.baseAddress!)
        return true
    }

    private func append(_ output: UnsafePointer<Float>) {
        if positionCount == positionCapacity {
            positions.update(from: positions + channels, count: (positionCapacity - 1) * channels)
            positionCount -= 1
        }
        (positions + positionCount * channels).update(from: output, count: channels)
        positionCount += 1
    }
}
