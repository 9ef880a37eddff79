// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Model

/// Samples at any rate in, log-mel frames of the front end out: resampler and `LogMelExtractor`, the common beginning of
/// listening, of extraction for training, and of classifying files.
///
/// Frames depend on the samples alone, not on how they are cut. After the first second nothing is allocated and no
/// lock is taken.
package final class AudioFrames {
    /// Of the samples that are pushed, Hz.
    package let inputRate: Int

    private let resampler: Resampler
    private let logMel: LogMelExtractor
    private let workspace: Workspace

    /// - Parameters:
    ///   - inputRate: of the samples that will be pushed, Hz, 8 000 to 192 000.
    ///   - workspace: of the thread that will push them.
    package init(
        inputRate: Int, frontEnd: FrontEnd = .version1, workspace: Workspace = Workspace()
    ) throws(StreamingError) {
        self.inputRate = inputRate
        self.workspace = workspace
        // No window waits for a block that has just begun.
        resampler = try Resampler(
            inputRate: inputRate, outputRate: frontEnd.sampleRate,
            boundary: frontEnd.samples(frames: frontEnd.windowFrames), workspace: workspace)
        logMel = try LogMelExtractor(frontEnd: frontEnd, workspace: workspace)
    }

    /// Frames handed over since the last reset.
    package var frames: Int { logMel.frames }

    /// Seconds of audio heard, to the end of the last whole frame.
    package var position: Double { logMel.frontEnd.duration(frames: logMel.frames) }

    /// Takes mono samples and hands over each frame that they complete.
    package func process(_ samples: UnsafeBufferPointer<Float>, _ consume: (LogMelExtractor.Frame) -> Void) {
        var offset = 0
        while offset < samples.count {
            let count = min(Resampler.block, samples.count - offset)
            // Plain pointers: the loop is vectorised.
            let (input, clean) = (samples.baseAddress! + offset, workspace.samples)
            for index in 0..<count { clean[index] = Self.sane(input[index]) }
            offset += count
            resampler.process(UnsafeBufferPointer(start: clean, count: count)) { logMel.process($0, consume) }
        }
    }

    /// Ends the stream: hands over the frames that what the resampler still holds completes.
    package func finish(_ consume: (LogMelExtractor.Frame) -> Void) {
        resampler.finish { logMel.process($0, consume) }
    }

    /// Forgets the stream.
    package func reset() {
        resampler.reset()
        logMel.reset()
    }

    /// Not a number and infinity become silence; 24 dB over full scale is the most that is taken seriously, so that
    /// no sum of squares overflows.
    @inline(__always)
    static func sane(_ sample: Float) -> Float {
        let bounded: Float = sample < -16 ? -16 : sample > 16 ? 16 : sample
        return abs(sample) <= Float.greatestFiniteMagnitude ? bounded : 0
    }
}
