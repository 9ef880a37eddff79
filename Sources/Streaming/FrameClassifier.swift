// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// Results of one step of a stream: the network's output for the window that ends now, and measures of silence and
/// level.
package struct WindowResult {
    /// Seconds of audio up to the end of the last whole frame.
    package var position: Double
    /// [labels]: each label's calibrated probability in the window; nil before the first window. Valid during the call
    /// that receives it.
    package var windowProbabilities: UnsafeBufferPointer<Float>?
    /// Share of the window's frames that are not silent, 0 to 1.
    package var active: Double
    /// Whether every frame since the previous step was silent.
    package var silent: Bool
    /// Seconds of audio since the previous step.
    package var elapsed: Double
    /// Mean square of the audio since the previous step without what is too slow to be heard, full scale = 1.
    package var power: Double
}

/// Log-mel frames in, window probabilities out: level, MFCC, network.
///
/// There are two kinds of silence. A frame without any loud mel band, by the model's front end, becomes zeros for the
/// network (`LevelNormalizer`). A frame whose power is below `silenceLevel` counts as silent for the estimator.
package final class FrameClassifier {
    private var normalizer: LevelNormalizer
    private let cosine: CosineTransform
    private let history: FrameHistory
    private var running: RunningModel

    /// Number of silent frames in the last window.
    private var silentCount = 0
    private var silencePower: Float
    private var framesSinceStep = 0
    private var silentSinceStep = 0
    private var powerSinceStep = 0.0

    /// - Parameters:
    ///   - silenceLevel: audio below it is silent, dB relative to full scale (RMS).
    ///   - step: frames from one window to the next, a divisor of the architecture's step, which is the default.
    package init(
        model: GenreModel, silenceLevel: Double, step: Int? = nil, scratch: NetworkScratch = NetworkScratch()
    ) {
        let frontEnd = model.frontEnd
        normalizer = LevelNormalizer(frontEnd: frontEnd)
        cosine = FrontEndTables.of(frontEnd).cosine
        history = FrameHistory(frontEnd: frontEnd)
        running = RunningModel(model: model, step: step, scratch: scratch)
        silencePower = Self.power(ofLevel: silenceLevel)
        silentCount = frontEnd.windowFrames
    }

    package var model: GenreModel { running.model }

    /// Frames processed since the last reset.
    package var frames: Int { history.count }

    /// Seconds of audio up to the end of the last frame.
    package var position: Double { model.frontEnd.duration(frames: history.count) }

    /// Mean square of the audio since the last step, summed over `frames` frames. At a stream's end this is the
    /// remainder.
    var remainder: (power: Double, frames: Int) { (powerSinceStep, framesSinceStep) }

    /// [labels]: the last window's probabilities; nil before the first window.
    var lastWindowProbabilities: UnsafeBufferPointer<Float>? { running.lastWindowProbabilities }

    /// Begins a new stream.
    package func reset() {
        normalizer.reset()
        history.reset()
        running.reset()
        silentCount = model.frontEnd.windowFrames
        startStep()
    }

    /// Continues with another model, unless it is nil, and another silence level, as if the stream had begun with them.
    func use(_ new: RunningModel?, silenceLevel: Double) {
        if let new {
            new.scratch = running.scratch
            new.catchUp(with: history)
            running = new
        }
        silencePower = Self.power(ofLevel: silenceLevel)
        silentCount = silentFrames(ofLast: model.frontEnd.windowFrames)
        silentSinceStep = silentFrames(ofLast: framesSinceStep)
    }

    /// Steps since the last reset, on the grid of the present model's windows.
    var steps: Int { running.steps(after: history.count) }

    /// Share of the last window's frames that are not silent, 0 to 1.
    var active: Double { 1 - Double(silentCount) / Double(model.frontEnd.windowFrames) }

    private static func power(ofLevel level: Double) -> Float { Float(pow(10, level / 10)) }

    private func silentFrames(ofLast count: Int) -> Int {
        (history.count - count..<history.count).count { history.isSilent($0, below: silencePower) }
    }

    /// Processes a frame, whose bands are overwritten, and calls `consume` with the step that it completes, if it does.
    package func process(_ frame: LogMelExtractor.Frame, _ consume: (WindowResult) -> Void) {
        normalizer.process(frame.bands)
        cosine.process(frame.bands.baseAddress!, into: history.next)
        history.append(power: frame.power)
        count(frame)
        running.process(history.frame(history.count - 1), isSilent: normalizer.isSilent)
        // Steps lie on the grid of the windows, before the first window too.
        guard (history.count - model.frontEnd.windowFrames) % running.step == 0 else { return }
        consume(
            WindowResult(
                position: position, windowProbabilities: lastWindowProbabilities,
                active: active, silent: silentSinceStep == framesSinceStep,
                elapsed: Double(framesSinceStep) * model.frontEnd.hopDuration,
                power: powerSinceStep / Double(framesSinceStep)))
        startStep()
    }

    private func count(_ frame: LogMelExtractor.Frame) {
        let silent = frame.power < silencePower
        let wasSilent = history.isSilent(history.count - 1 - model.frontEnd.windowFrames, below: silencePower)
        silentCount += (silent ? 1 : 0) - (wasSilent ? 1 : 0)
        framesSinceStep += 1
        if silent { silentSinceStep += 1 }
        powerSinceStep += Double(frame.power)
    }

    private func startStep() {
        framesSinceStep = 0
        silentSinceStep = 0
        powerSinceStep = 0
    }
}
