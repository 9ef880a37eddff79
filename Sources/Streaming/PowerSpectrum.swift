// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CFFTW
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
        transform.execute(workspace.tapered, into: workspace.spectrum)
        // fftwf_complex is float[2]: the spectrum is consecutive real and imaginary parts.
        workspace.spectrum.pointer.withMemoryRebound(to: Float.self, capacity: length + 2) { parts in
            for bin in 0...(length / 2) {
                let (real, imaginary) = (parts[2 * bin], parts[2 * bin + 1])
                power[bin] = real * real + imaginary * imaginary
            }
        }
        return UnsafePointer(power)
    }
}
