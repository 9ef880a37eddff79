// SPDX-License-Identifier: GPL-3.0-or-later

import Model

/// A model at work on a stream: what its network keeps of the frames, and what it said of the last window.
final class RunningModel {
    let model: GenreModel
    private let network: IncrementalNetwork
    private let windowProbabilities: UnsafeMutableBufferPointer<Float>
    private var hasWindow = false
    /// How many frames in a row were silent.
    private var silentFrames = 0
    /// How many of the last of them the network has not been given.
    private var heldFrames = 0
    /// After so many silent frames all that the network keeps comes of silence.
    private let settledFrames: Int
    /// A silent frame, as a network takes them.
    private let silence: UnsafeMutableBufferPointer<Float>

    /// - Parameter step: frames from one window to the next, a divisor of the architecture's step, which is the default.
    init(model: GenreModel, step: Int? = nil) {
        self.model = model
        network = IncrementalNetwork(model: model, step: step)
        windowProbabilities = .allocate(capacity: model.labels.count)
        windowProbabilities.initialize(repeating: 0)
        settledFrames = 2 * model.frontEnd.windowFrames
        silence = .allocate(capacity: model.frontEnd.coefficients)
        silence.initialize(repeating: 0)
    }

    deinit {
        windowProbabilities.deallocate()
        silence.deallocate()
    }

    /// Frames from one window to the next.
    var step: Int { network.step }

    /// Each label's calibrated probability in the last window, if there was one.
    var lastWindowProbabilities: UnsafeBufferPointer<Float>? {
        hasWindow ? UnsafeBufferPointer(windowProbabilities) : nil
    }

    func reset() {
        network.reset()
        hasWindow = false
        silentFrames = 0
        heldFrames = 0
    }

    /// Frames that went through the network since the last reset.
    var framesComputed: Int { network.frames }

    /// Takes a frame.
    ///
    /// Silence costs the network nothing: its frames are all alike, so that after two windows of them it says the same
    /// of each window and is, after each of its steps, as it was before. Whole steps are left out, which changes no bit
    /// of what it says later.
    ///
    /// - Parameter isSilent: as `LevelNormalizer` says.
    func process(_ coefficients: UnsafePointer<Float>, isSilent: Bool) {
        if isSilent, silentFrames >= settledFrames {
            heldFrames = (heldFrames + 1) % model.architecture.step
            return
        }
        for _ in 0..<heldFrames { compute(silence.baseAddress!) }
        heldFrames = 0
        silentFrames = isSilent ? silentFrames + 1 : 0
        if isSilent { silence.baseAddress!.update(from: coefficients, count: silence.count) }
        compute(coefficients)
    }

    private func compute(_ coefficients: UnsafePointer<Float>) {
        guard network.process(coefficients) else { return }
        hasWindow = true
        windowProbabilities.baseAddress!.update(from: network.logits.baseAddress!, count: windowProbabilities.count)
        model.calibrate(windowProbabilities)
    }

    /// As if it had heard the stream from its beginning: takes the frames of the last whole window on the grid of its
    /// own steps, and those after it. Nothing older counts, because the network sees a window at a time.
    func catchUp(with history: FrameHistory) {
        reset()
        let length = model.frontEnd.windowFrames
        let start = max(0, (history.count - length) / step * step)
        for index in start..<history.count { process(history.frame(index), isSilent: false) }
    }

    /// How many steps a stream of so many frames has made: they lie on the grid of the windows, before the first one
    /// too.
    func steps(after frames: Int) -> Int {
        let first = (model.frontEnd.windowFrames - 1) % step + 1
        return frames < first ? 0 : (frames - first) / step + 1
    }
}
