import CFFTW
import Foundation
import Model

/// The power spectrum of frames: periodic Hann window, real FFT, squared magnitude without scaling.
///
/// As `abs(librosa.stft(…, center=False)) ** 2`. Allocates nothing after `init`.
public final class PowerSpectrum {
    /// Samples of a frame.
    public let length: Int
    /// [length / 2 + 1]; of the last frame.
    public let power: UnsafeMutableBufferPointer<Float>

    private let transform: FourierTransform
    private let window: UnsafeMutablePointer<Float>
    private let windowed: UnsafeMutablePointer<Float>
    private let spectrum: UnsafeMutablePointer<fftwf_complex>

    public init(frontEnd: FrontEnd = .version1) throws(StreamingError) {
        length = frontEnd.frameLength
        transform = try FourierTransform.ofLength(length)
        window = .allocate(capacity: length)
        for index in 0..<length {
            (window + index).initialize(to: Float(0.5 - 0.5 * cos(2 * Double.pi * Double(index) / Double(length))))
        }
        windowed = FourierTransform.allocateReal(length)
        spectrum = FourierTransform.allocateComplex(length / 2 + 1)
        power = .allocate(capacity: length / 2 + 1)
        power.initialize(repeating: 0)
    }

    deinit {
        window.deallocate()
        FourierTransform.free(windowed)
        FourierTransform.free(spectrum)
        power.deallocate()
    }

    /// Analyses the `length` samples of a frame into `power`.
    public func process(_ samples: UnsafePointer<Float>) {
        // Plain values: the loops are vectorised.
        let (length, window, windowed, power) = (length, window, windowed, power.baseAddress!)
        for index in 0..<length { windowed[index] = samples[index] * window[index] }
        transform.execute(windowed, spectrum)
        // fftwf_complex is float[2]: the spectrum seen as consecutive real and imaginary parts.
        spectrum.withMemoryRebound(to: Float.self, capacity: length + 2) { parts in
            for bin in 0...(length / 2) {
                let (real, imaginary) = (parts[2 * bin], parts[2 * bin + 1])
                power[bin] = real * real + imaginary * imaginary
            }
        }
    }
}
