// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Incremental inference on a stream. Each frame's convolutions are computed once, and the results that later windows
/// need are kept (Rybakov et al., "Streaming keyword spotting on mobile devices", 2020).
///
/// Frames are processed one by one. Every `step` frames, from the first whole window on, a frame completes a window and
/// its logits. They equal `GenreModel.logits(window:rounded:)` of the window's frames, rounded, to 1e-4. Nothing is allocated
/// after the first window. Use it from one thread at a time.
package final class IncrementalNetwork {
    package let model: GenreModel
    /// Frames processed since the last reset.
    package private(set) var frames = 0

    private let branches: [IncrementalBranch]
    /// Refers to the model's head.
    private let head: LayerArithmetic
    /// [features]: inputs of the linear layer.
    private let features: OwnedBuffer<Float>
    /// The same as multiples of a unit, and one number that nothing counts.
    private let quantized: OwnedBuffer<Int16>
    /// [labels].
    private let output: OwnedBuffer<Float>
    /// Memory that it needs only during `process`; shared with the other networks of its thread.
    package var scratch: NetworkScratch
    private let scratchSize: Int
    private let windowFrames: Int
    /// Frames from one window to the next.
    package let step: Int

    /// - Parameter step: frames from one window to the next, a divisor of `architecture.step`, which is the default. A
    ///   smaller step costs more: the additional windows share with the others only the layers before a pool.
    package init(model: GenreModel, step: Int? = nil, scratch: NetworkScratch = NetworkScratch()) {
        let (step, windowFrames) = (step ?? model.architecture.step, model.frontEnd.windowFrames)
        precondition(step > 0 && model.architecture.step % step == 0, "not a divisor of the architecture's step")
        self.model = model
        head = model.network.head.arithmetic
        self.step = step
        self.windowFrames = windowFrames
        branches = zip(model.network.branches, model.architecture.branches).map { layers, branch in
            IncrementalBranch(branch, layers: layers, frames: windowFrames, every: step)
        }
        self.scratch = scratch
        scratchSize = branches.reduce(0) { max($0, $1.scratchSize) }
        features = OwnedBuffer(repeating: 0, count: model.architecture.features)
        quantized = OwnedBuffer(repeating: 0, count: model.architecture.features + 1)
        output = OwnedBuffer(repeating: 0, count: model.labels.count)
    }

    /// The logits of the last window, [labels]; meaningless before the first. The next window overwrites them.
    package var logits: UnsafeMutableBufferPointer<Float> { output.elements }

    /// Begins a new stream.
    package func reset() {
        frames = 0
        for branch in branches { branch.reset() }
    }

    /// Processes one frame, [coefficients].
    ///
    /// - Returns: whether the frame completes a window, whose logits are then in `logits`.
    package func process(_ frame: Span<Float>) -> Bool {
        precondition(frame.count == model.frontEnd.coefficients, "not a frame of this front end")
        frame.withUnsafeBufferPointer { frame in
            for branch in branches { branch.append(frame.baseAddress!) }
        }
        frames += 1
        // Windows end at windowFrames + k·step. Computing only there reads each weight once for a block of frames.
        guard (frames - windowFrames) % step == 0 else { return false }
        scratch.reserve(scratchSize)
        for branch in branches { branch.process(scratch) }
        guard frames >= windowFrames else { return false }
        var place = features.pointer
        for branch in branches {
            branch.summarise(windowAt: frames - windowFrames, epsilon: model.architecture.stdEpsilon, into: place)
            place += branch.featureCount
        }
        var unit = head.quantize(features.pointer, into: quantized.pointer)
        head.convolve(quantized.pointer, units: &unit, positions: 1, into: output.pointer)
        return true
    }
}
