// SPDX-License-Identifier: GPL-3.0-or-later

import Model

/// Samples in, window probabilities out: resampler and log-mel frames (`AudioFrames`), then level, MFCC and network
/// (`FrameClassifier`).
///
/// The daemon and `genrelab` both use this class. It is synchronous, works for one thread at a time, and has no clock but
/// the sample count. The results depend on the samples alone, not on how they
/// are cut into calls. Nothing is allocated after the first second, and no lock is taken.
package final class WindowClassifier {
    private let audio: AudioFrames
    private let classifier: FrameClassifier

    /// - Parameters:
    ///   - inputRate: rate of the samples that `process` will get, Hz, 8 000 to 192 000.
    ///   - silenceLevel: audio below it is silent, dB relative to full scale (RMS).
    ///   - step: frames from one window to the next, a divisor of the architecture's step, which is the default.
    ///   - workspace: scratch memory of the thread that will call `process`.
    /// - Throws: `unsupportedRate`, or `libraryFailed` if FFTW or libsoxr fails.
    package init(
        model: GenreModel, inputRate: Int, silenceLevel: Double, step: Int? = nil,
        workspace: Workspace = Workspace()
    ) throws(StreamingError) {
        audio = try AudioFrames(inputRate: inputRate, frontEnd: model.frontEnd, workspace: workspace)
        classifier = FrameClassifier(
            model: model, silenceLevel: silenceLevel, step: step, scratch: workspace.network)
    }

    package var model: GenreModel { classifier.model }

    /// Rate of the input samples, Hz.
    package var inputRate: Int { audio.inputRate }

    /// Frames processed since the last reset.
    package var frames: Int { classifier.frames }

    /// Seconds of audio up to the end of the last whole frame.
    package var position: Double { classifier.position }

    /// Mean square of the audio since the last step, summed over `frames` frames. At a stream's end this is the
    /// remainder.
    package var remainder: (power: Double, frames: Int) { classifier.remainder }

    /// [labels]: the last window's probabilities; nil before the first window.
    package var lastWindowProbabilities: UnsafeBufferPointer<Float>? { classifier.lastWindowProbabilities }

    /// Processes mono samples at `inputRate` and calls `consume` with each step that they complete.
    package func process(_ samples: Span<Float>, _ consume: (WindowResult) -> Void) {
        audio.process(samples) { classifier.process($0, consume) }
    }

    /// Ends the stream: calls `consume` with the steps that the resampler's remaining output completes.
    package func finish(_ consume: (WindowResult) -> Void) {
        audio.finish { classifier.process($0, consume) }
    }

    /// Begins a new stream.
    package func reset() {
        audio.reset()
        classifier.reset()
    }

    /// Continues with another model, unless it is nil, and another silence level, as if the stream had begun with them.
    func use(_ new: RunningModel?, silenceLevel: Double) { classifier.use(new, silenceLevel: silenceLevel) }

    /// Steps since the last reset, on the grid of the present model's windows.
    var steps: Int { classifier.steps }

    /// Share of the last window's frames that are not silent, 0 to 1.
    var active: Double { classifier.active }
}
