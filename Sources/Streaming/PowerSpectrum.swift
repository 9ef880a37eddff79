// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CKernels
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
        // Safe: taper and workspace are made for frames of this length.
        let bins = length / 2 + 1
        genred_taper(samples, taper, length, workspace.tapered.pointer)
        transform.execute(workspace.tapered, bins: bins, into: workspace.spectrum)
        let (spectrum, power) = (workspace.spectrum, workspace.power.pointer)
        genred_power(spectrum.real.pointer, spectrum.imaginary.pointer, bins, power)
        return UnsafePointer(power)
    }
}
