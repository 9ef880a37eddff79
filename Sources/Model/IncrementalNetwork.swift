// SPDX-License-Identifier: GPL-3.0-or-later

/// The network on a stream: each frame's convolutions are computed once, and what later windows need of them is kept.
///
/// Frames are pushed one by one; every `step` frames, from the first whole window on, a push completes a window and its
/// logits are there. The result for a window is the same as `GenreModel.logits(window:)`
/// gives for its frames. Nothing is allocated after `init`. Used from one thread at a time.
package final class IncrementalNetwork {
    package let model: GenreModel
    /// Frames pushed since the last reset.
    package private(set) var frames = 0
    /// The logits of the last window; meaningless before the first.
    package let logits: UnsafeMutableBufferPointer<Float>

    private let branches: [IncrementalBranch]
    private let features: UnsafeMutablePointer<Float>
    private let windowFrames: Int
    /// Frames from one window to the next.
    package let step: Int

    /// - Parameter step: a divisor of `architecture.step`, which is the default. Windows that lie between those cost more:
    ///   they share the frames before a pool with the others, and nothing after it.
    package init(model: GenreModel, step: Int? = nil) {
        let (step, windowFrames) = (step ?? model.architecture.step, model.frontEnd.windowFrames)
        precondition(step > 0 && model.architecture.step % step == 0, "not a divisor of the architecture's step")
        self.model = model
        self.step = step
        self.windowFrames = windowFrames
        branches = zip(model.weights.branches, model.architecture.branches).map { layers, branch in
            IncrementalBranch(branch, layers: layers, frames: windowFrames, every: step)
        }
        features = .allocate(capacity: model.architecture.features)
        logits = .allocate(capacity: model.labels.count)
        features.initialize(repeating: 0, count: model.architecture.features)
        logits.initialize(repeating: 0)
    }

    deinit {
        features.deallocate()
        logits.deallocate()
    }

    /// Forgets all frames.
    package func reset() {
        frames = 0
        for branch in branches { branch.reset() }
    }

    /// Takes a frame of coefficients; true when it completed a window, whose logits are then in `logits`.
    package func process(_ coefficients: UnsafePointer<Float>) -> Bool {
        for branch in branches { branch.append(coefficients) }
        frames += 1
        // Windows end at windowFrames + k·step; only there is anything worth computing, and a block at a time reads
        // each weight once for several frames.
        guard (frames - windowFrames) % step == 0 else { return false }
        for branch in branches { branch.process() }
        guard frames >= windowFrames else { return false }
        var place = features
        for branch in branches {
            branch.summarise(windowAt: frames - windowFrames, epsilon: model.architecture.stdEpsilon, into: place)
            place += branch.featureCount
        }
        let weights = model.weights
        weights.headWeight.apply(
            weights.headBias, features, columns: 1, stride: weights.headWeight.length, rectify: false,
            into: logits.baseAddress!)
        return true
    }
}
