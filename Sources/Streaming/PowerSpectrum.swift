// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CFFTW
import Model

/// The power spectrum of frames: periodic Hann window, real FFT, squared magnitude without scaling.
///
/// As `abs(librosa.stft(…, center=False)) ** 2`. Allocates nothing after `init`.
package struct PowerSpectrum {
    /// Samples of a frame.
    package let length: Int

    private let transform: FourierTransform
    private let taper: [Float]
    private let workspace: Workspace

    package init(frontEnd: FrontEnd = .version1, workspace: Workspace) throws(StreamingError) {
        length = frontEnd.frameLength
        transform = try FourierTransform.ofLength(length)
        taper = FrontEndTables.of(frontEnd).taper
        self.workspace = workspace
    }

    /// Analyses the `length` samples of a frame: [length / 2 + 1], which the next frame of any stream with the same
    /// workspace replaces.
    package func process(_ samples: UnsafePointer<Float>) -> UnsafePointer<Float> {
        // Plain values: the loops are vectorised.
        let (length, tapered, power) = (length, workspace.tapered, workspace.power)
        taper.withUnsafeBufferPointer { taper in
            let taper = taper.baseAddress!
            for index in 0..<length { tapered[index] = samples[index] * taper[index] }
        }
        transform.execute(tapered, workspace.spectrum)
        // fftwf_complex is float[2]: the spectrum seen as consecutive real and imaginary parts.
        workspace.spectrum.withMemoryRebound(to: Float.self, capacity: length + 2) { parts in
            for bin in 0...(length / 2) {
                let (real, imaginary) = (parts[2 * bin], parts[2 * bin + 1])
                power[bin] = real * real + imaginary * imaginary
            }
        }
        return UnsafePointer(power)
    }
}
