// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Model

/// Power spectrum of frames: periodic Hann taper, real FFT, squared magnitude without scaling. Equals
/// `abs(librosa.stft(…, center=False)) ** 2`. Nothing is allocated after `init`.
package struct PowerSpectrum {
    /// Samples of a frame.
    package let length: Int

    private let transform: FourierTransform
    /// [length].
    private let taper: [Float]
    private let workspace: Workspace

    /// - Throws: `libraryFailed` if FFTW makes no plan.
    package init(frontEnd: FrontEnd = .version1, workspace: Workspace) throws(StreamingError) {
        length = frontEnd.frameLength
        transform = try FourierTransform.ofLength(length)
        taper = FrontEndTables.of(frontEnd).taper
        self.workspace = workspace
    }

    /// Analyses one frame of `length` samples.
    ///
    /// - Returns: [length / 2 + 1] bins in the workspace, valid until the next frame of any stream that shares it.
    package func process(_ samples: UnsafePointer<Float>) -> UnsafePointer<Float> {
        // Plain pointers, so that the compiler vectorises the loops.
        let (length, tapered, power) = (length, workspace.tapered.pointer, workspace.power.pointer)
        taper.withUnsafeBufferPointer { taper in
            let taper = taper.baseAddress!
            for index in 0..<length { tapered[index] = samples[index] * taper[index] }
        }
        transform.execute(workspace.tapered, bins: length / 2 + 1, into: workspace.spectrum)
        let (real, imaginary) = (workspace.spectrum.real.pointer, workspace.spectrum.imaginary.pointer)
        // Safe: the workspace is made for frames of this length.
        for bin in 0...(length / 2) { power[bin] = real[bin] * real[bin] + imaginary[bin] * imaginary[bin] }
        return UnsafePointer(power)
    }
}
