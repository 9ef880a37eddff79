// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// One step of a stream: what the network and the silence gate say of the window that ends now.
package struct WindowResult {
    /// Seconds of audio heard, to the end of the last whole frame.
    package var position: Double
    /// Each label's calibrated probability in the window; nil while less than a window has been heard. Valid during
    /// the call that hands it over.
    package var windowProbabilities: UnsafeBufferPointer<Float>?
    /// The share of the window's frames that are not silent, 0 to 1.
    package var active: Double
    /// Whether every frame since the step before was silent.
    package var silent: Bool
    /// Seconds of audio since the step before.
    package var elapsed: Double
    /// The mean square of the audio since the step before, full scale = 1.
    package var power: Double
}

/// Samples in, window probabilities out: resampler, frames, log-mel, level, MFCC, network.
///
/// The one way from audio to what the network says, for the daemon and for files. Synchronous, for one thread at a
/// time, without any clock but the sample count. What it says depends on the samples alone, not on how they are cut.
/// After the first second it allocates nothing and takes no lock.
package final class WindowClassifier {
    private let audio: AudioFrames
    private var normalizer: LevelNormalizer
    private let cosine: CosineTransform
    private let history: FrameHistory
    private var running: RunningModel

    /// How many of the last window's frames were silent.
    private var silentCount = 0
    private var silencePower: Float
    private var framesSinceStep = 0
    private var silentSinceStep = 0
    private var powerSinceStep = 0.0

    /// - Parameters:
    ///   - inputRate: of the samples that will be pushed, 8 000 to 192 000 Hz.
    ///   - silenceLevel: audio below it is silent, dB below full scale (RMS).
    ///   - step: frames from one window to the next, a divisor of the architecture's step, which is the default.
    ///   - workspace: of the thread that will process them.
    package init(
        model: GenreModel, inputRate: Int, silenceLevel: Double, step: Int? = nil,
        workspace: Workspace = Workspace()
    ) throws(StreamingError) {
        let frontEnd = model.frontEnd
        audio = try AudioFrames(inputRate: inputRate, frontEnd: frontEnd, workspace: workspace)
        normalizer = LevelNormalizer(frontEnd: frontEnd)
        cosine = FrontEndTables.of(frontEnd).cosine
        history = FrameHistory(frontEnd: frontEnd)
        running = RunningModel(model: model, step: step)
        silencePower = Self.power(ofLevel: silenceLevel)
        silentCount = frontEnd.windowFrames
    }

    package var model: GenreModel { running.model }

    /// Hz.
    package var inputRate: Int { audio.inputRate }

    /// Frames analysed since the last reset.
    package var frames: Int { audio.frames }

    /// Seconds of audio heard, to the end of the last whole frame.
    package var position: Double { audio.position }

    /// The mean square of the audio since the last step, and over how many frames; what a stream's end has left over.
    package var rest: (power: Double, frames: Int) { (powerSinceStep, framesSinceStep) }

    /// The last window's probabilities, if there was one.
    package var lastWindowProbabilities: UnsafeBufferPointer<Float>? { running.lastWindowProbabilities }

    /// Takes mono samples at `inputRate` and hands over each step that they complete.
    package func process(_ samples: UnsafeBufferPointer<Float>, _ consume: (WindowResult) -> Void) {
        audio.process(samples) { analyse($0, consume) }
    }

    /// Ends the stream: hands over the steps that what the resampler still holds completes.
    package func finish(_ consume: (WindowResult) -> Void) {
        audio.finish { analyse($0, consume) }
    }

    /// Starts anew: nothing heard before counts.
    package func reset() {
        audio.reset()
        normalizer.reset()
        history.reset()
        running.reset()
        silentCount = model.frontEnd.windowFrames
        startStep()
    }

    /// Goes on with another model or another level of silence, as if they had been there from the beginning.
    func use(_ new: RunningModel, silenceLevel: Double) {
        new.catchUp(with: history)
        running = new
        silencePower = Self.power(ofLevel: silenceLevel)
        silentCount = silentFrames(ofLast: model.frontEnd.windowFrames)
        silentSinceStep = silentFrames(ofLast: framesSinceStep)
    }

    /// The steps since the last reset, on the grid of the present model's windows.
    var steps: Int { running.steps(after: history.count) }

    /// The share of the last window's frames that are not silent.
    var active: Double { 1 - Double(silentCount) / Double(model.frontEnd.windowFrames) }

    private static func power(ofLevel level: Double) -> Float { Float(pow(10, level / 10)) }

    private func silentFrames(ofLast count: Int) -> Int {
        (history.count - count..<history.count).count { history.isSilent($0, below: silencePower) }
    }

    private func analyse(_ frame: LogMelExtractor.Frame, _ consume: (WindowResult) -> Void) {
        normalizer.process(frame.bands)
        cosine.process(frame.bands.baseAddress!, into: history.next)
        history.append(power: frame.power)
        count(frame)
        running.process(history.frame(history.count - 1), isSilent: normalizer.isSilent)
        // Steps lie on the grid of the windows, before the first one too.
        guard (audio.frames - model.frontEnd.windowFrames) % running.step == 0 else { return }
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
