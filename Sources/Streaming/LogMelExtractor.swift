// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Model

/// Log-mel front end: samples at the front end's rate in, log-mel frames out. Each frame is computed once, when its
/// last sample arrives.
///
/// These are the steps of front end version 1 up to the logarithm: Hann taper, power spectrum, 64 mel bands, 10·log10.
/// The frames are the same to the bit, however the samples are cut into calls. Nothing is allocated after `init`.
package final class LogMelExtractor {
    /// One frame, valid during the call that receives it.
    package struct Frame {
        /// [melBands], dB.
        package let bands: UnsafeMutableBufferPointer<Float>
        /// Mean square of the frame's newest `hopLength` samples without what is too slow to be heard, full scale = 1.
        package let power: Float

        package init(bands: UnsafeMutableBufferPointer<Float>, power: Float) {
            self.bands = bands
            self.power = power
        }
    }

    package let frontEnd: FrontEnd
    /// Frames produced since the last reset.
    package private(set) var frames = 0

    private let spectrum: PowerSpectrum
    private let filterbank: MelFilterbank
    private let power: AudiblePower
    /// Samples of the frame that is being filled, oldest first.
    private let samples: OwnedBuffer<Float>
    private var filled = 0
    private let workspace: Workspace

    /// - Parameter workspace: scratch memory of the thread that will call `process`.
    /// - Throws: `libraryFailed` if FFTW makes no plan.
    package init(
        frontEnd: FrontEnd = .version1, workspace: Workspace = Workspace()
    ) throws(StreamingError) {
        self.frontEnd = frontEnd
        self.workspace = workspace
        spectrum = try PowerSpectrum(frontEnd: frontEnd, workspace: workspace)
        let tables = FrontEndTables.of(frontEnd)
        (filterbank, power) = (tables.filterbank, tables.audiblePower)
        samples = OwnedBuffer(repeating: 0, count: frontEnd.frameLength)
    }

    /// Begins a new stream.
    package func reset() {
        filled = 0
        frames = 0
    }

    /// Processes samples, which must be finite, and calls `consume` with each frame that they complete.
    package func process(_ input: Span<Float>, _ consume: (Frame) -> Void) {
        let length = frontEnd.frameLength
        let hop = frontEnd.hopLength
        let samples = samples.pointer
        var offset = 0
        while offset < input.count {
            let taken = min(length - filled, input.count - offset)
            input.withUnsafeBufferPointer { [filled] in
                (samples + filled).update(from: $0.baseAddress! + offset, count: taken)
            }
            filled += taken
            offset += taken
            guard filled == length else { return }
            filterbank.process(spectrum.process(samples), into: workspace.bands.elements)
            frames += 1
            consume(Frame(bands: workspace.bands.elements, power: power.of(samples + length - hop)))
            samples.update(from: samples + hop, count: length - hop)
            filled = length - hop
        }
    }
}
