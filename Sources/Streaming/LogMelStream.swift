import CFFTW
import Foundation
import Model

/// Samples at the front end's rate in, log-mel frames out: each frame once, when its last sample arrives.
///
/// Front end version 1 up to the logarithm: Hann window, power spectrum, 64 mel bands, 10·log10. Whatever the sizes
/// in which samples arrive, the frames are the same to the bit. Allocates nothing after `init`.
public final class LogMelStream {
    /// One frame, valid during the call that hands it over.
    public struct Frame {
        /// [melBands], dB.
        public let bands: UnsafeMutableBufferPointer<Float>
        /// The mean square of the frame's newest `hopLength` samples, full scale = 1.
        public let power: Float
    }

    public let frontEnd: FrontEnd
    /// Frames handed over since the last reset.
    public private(set) var frames = 0

    private let transform: FourierTransform
    private let filterbank: MelFilterbank
    private let window: UnsafeMutablePointer<Float>
    /// The samples of the frame that is being filled, oldest first.
    private let samples: UnsafeMutablePointer<Float>
    private var filled = 0
    private let windowed: UnsafeMutablePointer<Float>
    private let spectrum: UnsafeMutablePointer<fftwf_complex>
    private let power: UnsafeMutablePointer<Float>
    private let bands: UnsafeMutableBufferPointer<Float>

    public init(frontEnd: FrontEnd = .version1) throws(StreamingError) {
        self.frontEnd = frontEnd
        let length = frontEnd.frameLength
        transform = try FourierTransform.ofLength(length)
        filterbank = MelFilterbank(frontEnd: frontEnd)
        window = .allocate(capacity: length)
        for index in 0..<length {
            (window + index).initialize(to: Float(0.5 - 0.5 * cos(2 * Double.pi * Double(index) / Double(length))))
        }
        samples = .allocate(capacity: length)
        samples.initialize(repeating: 0, count: length)
        windowed = FourierTransform.allocateReal(length)
        spectrum = FourierTransform.allocateComplex(length / 2 + 1)
        power = .allocate(capacity: length / 2 + 1)
        power.initialize(repeating: 0, count: length / 2 + 1)
        bands = .allocate(capacity: frontEnd.melBands)
        bands.initialize(repeating: 0)
    }

    deinit {
        window.deallocate()
        samples.deallocate()
        FourierTransform.free(windowed)
        FourierTransform.free(spectrum)
        power.deallocate()
        bands.deallocate()
    }

    /// Forgets the stream.
    public func reset() {
        filled = 0
        frames = 0
    }

    /// Takes finite samples and hands over each frame that they complete.
    public func push(_ input: UnsafeBufferPointer<Float>, _ consume: (Frame) -> Void) {
        let length = frontEnd.frameLength
        let hop = frontEnd.hopLength
        var offset = 0
        while offset < input.count {
            let taken = min(length - filled, input.count - offset)
            (samples + filled).update(from: input.baseAddress! + offset, count: taken)
            filled += taken
            offset += taken
            guard filled == length else { return }
            analyse()
            frames += 1
            consume(Frame(bands: bands, power: meanSquareOfNewest()))
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

    private func analyse() {
        let length = frontEnd.frameLength
        for index in 0..<length { windowed[index] = samples[index] * window[index] }
        transform.execute(windowed, spectrum)
        // fftwf_complex is float[2]: the spectrum seen as consecutive real and imaginary parts.
        spectrum.withMemoryRebound(to: Float.self, capacity: length + 2) { parts in
            for bin in 0...(length / 2) {
                let (real, imaginary) = (parts[2 * bin], parts[2 * bin + 1])
                power[bin] = real * real + imaginary * imaginary
            }
        }
        let floor = Float(frontEnd.logFloor)
        filterbank.weights.withUnsafeBufferPointer { weights in
            for band in 0..<frontEnd.melBands {
                let (firstBin, range) = filterbank.bands[band]
                var sum: Float = 0
                for (index, weight) in range.enumerated() { sum += weights[weight] * power[firstBin + index] }
                bands[band] = 10 * log10(max(sum, floor))
            }
        }
    }
}
