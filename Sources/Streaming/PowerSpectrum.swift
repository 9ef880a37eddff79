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
    private let window: [Float]
    private let workspace: Workspace

    package init(frontEnd: FrontEnd = .version1, workspace: Workspace) throws(StreamingError) {
        length = frontEnd.frameLength
        transform = try FourierTransform.ofLength(length)
        window = FrontEndTables.of(frontEnd).window
        self.workspace = workspace
    }

    /// Analyses the `length` samples of a frame: [length / 2 + 1], which the next frame of any stream with the same
    /// workspace replaces.
    package func process(_ samples: UnsafePointer<Float>) -> UnsafePointer<Float> {
        // Plain values: the loops are vectorised.
        let (length, windowed, power) = (length, workspace.windowed, workspace.power)
        window.withUnsafeBufferPointer { window in
            let window = window.baseAddress!
            for index in 0..<length { windowed[index] = samples[index] * window[index] }
        }
        transform.execute(windowed, workspace.spectrum)
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
