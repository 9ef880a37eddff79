// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Model

/// Samples at the front end's rate in, log-mel frames out: each frame once, when its last sample arrives.
///
/// Front end version 1 up to the logarithm: Hann window, power spectrum, 64 mel bands, 10·log10. Whatever the sizes
/// in which samples arrive, the frames are the same to the bit. Allocates nothing after `init`.
package final class LogMelExtractor {
    /// One frame, valid during the call that hands it over.
    package struct Frame {
        /// [melBands], dB.
        package let bands: UnsafeMutableBufferPointer<Float>
        /// The mean square of the frame's newest `hopLength` samples, full scale = 1.
        package let power: Float
    }

    package let frontEnd: FrontEnd
    /// Frames handed over since the last reset.
    package private(set) var frames = 0

    private let spectrum: PowerSpectrum
    private let filterbank: MelFilterbank
    /// The samples of the frame that is being filled, oldest first.
    private let samples: UnsafeMutablePointer<Float>
    private var filled = 0
    private let workspace: Workspace

    package init(
        frontEnd: FrontEnd = .version1, workspace: Workspace = Workspace()
    ) throws(StreamingError) {
        self.frontEnd = frontEnd
        self.workspace = workspace
        let length = frontEnd.frameLength
        spectrum = try PowerSpectrum(frontEnd: frontEnd, workspace: workspace)
        filterbank = FrontEndTables.of(frontEnd).filterbank
        samples = .allocate(capacity: length)
        samples.initialize(repeating: 0, count: length)
    }

    deinit { samples.deallocate() }

    /// Forgets the stream.
    package func reset() {
        filled = 0
        frames = 0
    }

    /// Takes finite samples and hands over each frame that they complete.
    package func process(_ input: UnsafeBufferPointer<Float>, _ consume: (Frame) -> Void) {
        let length = frontEnd.frameLength
        let hop = frontEnd.hopLength
        var offset = 0
        while offset < input.count {
            let taken = min(length - filled, input.count - offset)
            (samples + filled).update(from: input.baseAddress! + offset, count: taken)
            filled += taken
            offset += taken
            guard filled == length else { return }
            filterbank.process(spectrum.process(samples), into: workspace.bands)
            frames += 1
            consume(Frame(bands: workspace.bands, power: meanSquareOfNewest()))
            samples.update(from: samples + hop, count: length - hop)
            filled = length - hop
        }
    }

    private func meanSquareOfNewest() -> Float {
        let newest = samples + (frontEnd.frameLength - frontEnd.hopLength)
        let count = frontEnd.hopLength
        // In lanes: the order of a single sum would forbid to add more than one product at a time.
        var sums = SIMD16<Float>(repeating: 0)
        var index = 0
        while index + sums.scalarCount <= count {
            let values = UnsafeRawPointer(newest + index).loadUnaligned(as: SIMD16<Float>.self)
            sums += values * values
            index += sums.scalarCount
        }
        var sum = sums.sum()
        while index < count {
            sum += newest[index] * newest[index]
            index += 1
        }
        return sum / Float(count)
    }
}
