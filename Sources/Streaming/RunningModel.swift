// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Model

/// A model that runs on a stream: its network, and the probabilities of the last window.
final class RunningModel {
    let model: GenreModel
    private let network: IncrementalNetwork
    /// [labels].
    private let windowProbabilities: OwnedBuffer<Float>
    private var hasWindow = false
    /// Number of consecutive silent frames up to now.
    private var silentFrames = 0
    /// Number of the last silent frames that the network has not received.
    private var skippedFrames = 0
    /// After so many silent frames everything that the network keeps derives from silence.
    private let settledFrames: Int
    /// Coefficients of a silent frame.
    private let silence: OwnedBuffer<Float>

    /// - Parameter step: frames from one window to the next, a divisor of the architecture's step, which is the
    ///   default.
    init(model: GenreModel, step: Int? = nil, scratch: NetworkScratch = NetworkScratch()) {
        self.model = model
        network = IncrementalNetwork(model: model, step: step, scratch: scratch)
        windowProbabilities = OwnedBuffer(repeating: 0, count: model.labels.count)
        settledFrames = 2 * model.frontEnd.windowFrames
        silence = OwnedBuffer(repeating: 0, count: model.frontEnd.coefficients)
    }

    /// Frames from one window to the next.
    var step: Int { network.step }

    /// Memory that the network shares with the others of its thread.
    var scratch: NetworkScratch {
        get { network.scratch }
        set { network.scratch = newValue }
    }

    /// Each label's calibrated probability in the last window; nil before the first window.
    var lastWindowProbabilities: UnsafeBufferPointer<Float>? {
        hasWindow ? UnsafeBufferPointer(windowProbabilities.elements) : nil
    }

    func reset() {
        network.reset()
        hasWindow = false
        silentFrames = 0
        skippedFrames = 0
    }

    /// Frames that the network has computed since the last reset.
    var framesComputed: Int { network.frames }

    /// Processes a frame.
    ///
    /// Long silence costs the network nothing. Silent frames are all alike, so after two windows of them the network
    /// returns the same result for each window, and after each of its steps its state is what it was before. Whole
    /// steps are skipped, which changes no bit of later results.
    ///
    /// - Parameters:
    ///   - coefficients: [coefficients].
    ///   - isSilent: `LevelNormalizer.isSilent` for this frame.
    func process(_ coefficients: UnsafeBufferPointer<Float>, isSilent: Bool) {
        if isSilent, silentFrames >= settledFrames {
            skippedFrames = (skippedFrames + 1) % model.architecture.step
            return
        }
        let silence = silence.elements
        for _ in 0..<skippedFrames { compute(silence.span) }
        skippedFrames = 0
        silentFrames = isSilent ? silentFrames + 1 : 0
        if isSilent { _ = silence.update(fromContentsOf: coefficients) }
        compute(coefficients.span)
    }

    private func compute(_ coefficients: Span<Float>) {
        guard network.process(coefficients) else { return }
        hasWindow = true
        _ = windowProbabilities.elements.update(fromContentsOf: network.logits)
        model.calibrate(windowProbabilities.elements)
    }

    /// Brings the network to the state it would have if it had processed the stream from the beginning.
    ///
    /// It processes the frames of the last whole window on the grid of its own steps, and those after it. Older frames
    /// do not matter, because the network's input is one window.
    func catchUp(with history: FrameHistory) {
        reset()
        let length = model.frontEnd.windowFrames
        let start = max(0, (history.count - length) / step * step)
        for index in start..<history.count { process(history.frame(index), isSilent: false) }
    }

    /// Number of steps in a stream of `frames` frames. Steps lie on the grid of the windows, before the first window
    /// too.
    func steps(after frames: Int) -> Int {
        let first = (model.frontEnd.windowFrames - 1) % step + 1
        return frames < first ? 0 : (frames - first) / step + 1
    }
}
