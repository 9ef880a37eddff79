// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CKernels
import Model

/// Resampler and `LogMelExtractor` in one stage: mono samples at any rate in, log-mel frames of the front end out. The
/// daemon, feature extraction for training, and the classification of files all begin with it.
///
/// The frames depend on the samples alone, not on how they are cut into calls. Nothing is allocated after the first
/// second, and no lock is taken.
package final class AudioFrames {
    /// Rate of the input samples, Hz.
    package let inputRate: Int

    /// The largest sample: 24 dB over full scale.
    private static let largestSample: Float = 16

    private let resampler: Resampler
    private let logMel: LogMelExtractor
    private let workspace: Workspace

    /// - Parameters:
    ///   - inputRate: rate of the samples that `process` will get, Hz, 8 000 to 192 000.
    ///   - workspace: scratch memory of the thread that will call `process`.
    /// - Throws: `unsupportedRate`, or `libraryFailed` if FFTW or libsoxr fails.
    package init(
        inputRate: Int, frontEnd: FrontEnd = .version1, workspace: Workspace = Workspace()
    ) throws(StreamingError) {
        self.inputRate = inputRate
        self.workspace = workspace
        // The resampler's blocks end with windows, so that no window waits for a block that has just begun.
        resampler = try Resampler(
            inputRate: inputRate, outputRate: frontEnd.sampleRate,
            boundary: frontEnd.samples(frames: frontEnd.windowFrames), workspace: workspace)
        logMel = try LogMelExtractor(frontEnd: frontEnd, workspace: workspace)
    }

    /// Frames produced since the last reset.
    package var frames: Int { logMel.frames }

    /// Seconds of audio up to the end of the last whole frame.
    package var position: Double { logMel.frontEnd.duration(frames: logMel.frames) }

    /// Processes mono samples and calls `consume` with each frame that they complete.
    package func process(_ samples: Span<Float>, _ consume: (LogMelExtractor.Frame) -> Void) {
        var offset = 0
        while offset < samples.count {
            let count = min(Resampler.block, samples.count - offset)
            let clean = workspace.samples.pointer
            samples.extracting(offset..<offset + count).withUnsafeBufferPointer { piece in
                // Safe: the workspace has room for a block. No sum of squares may overflow.
                genred_limit(piece.baseAddress!, count, Self.largestSample, clean)
            }
            offset += count
            resampler.process(UnsafeBufferPointer(start: clean, count: count).span) { logMel.process($0, consume) }
        }
    }

    /// Ends the stream: calls `consume` with the frames that the resampler's remaining output completes.
    package func finish(_ consume: (LogMelExtractor.Frame) -> Void) {
        resampler.finish { logMel.process($0, consume) }
    }

    /// Begins a new stream.
    package func reset() {
        resampler.reset()
        logMel.reset()
    }
}
