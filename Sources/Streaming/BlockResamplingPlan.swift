// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Synchronization

/// Resampling of 40 ms blocks by FFT from one rate to another: filter and transforms, shared by all streams at the two
/// rates.
///
/// The method is overlap-save (Crochiere and Rabiner, *Multirate Digital Signal Processing*, 1983, chapter 7). The
/// spectrum of a block and its surroundings is low-pass filtered, cut or extended to the output's length, and
/// transformed back.
///
/// It needs 40 ms to be a whole number of samples at both rates, and that number to be a product of small primes. All
/// common rates meet this.
final class BlockResamplingPlan: Sendable {
    /// The most samples of one block with its surroundings, at either rate.
    static let mostSamples = 192_000 / 25 * 2
    /// Attenuation above the lower Nyquist frequency, dB.
    private static let attenuation = 100.0

    /// New samples of a block, in and out.
    let inputHop: Int
    let outputHop: Int
    /// Samples of a block with its surroundings.
    let inputLength: Int
    let outputLength: Int
    /// Index of the block's first sample in the output with its surroundings.
    let outputStart: Int
    /// Number of zeros before a stream's first sample.
    let lead: Int
    /// Output samples before the one that belongs to the first input sample.
    let outputLead: Int

    private let forward: FourierTransform
    private let inverse: FourierTransform
    /// Gain of the filter at each frequency that both spectra have. Its phase is zero.
    private let gains: [Float]
    /// The rates, divided by their greatest common divisor.
    private let ratio: (input: Int, output: Int)

    private struct Rates: Hashable {
        var input: Int
        var output: Int
        var boundary: Int
    }

    private static let shared = Mutex<[Rates: BlockResamplingPlan]>([:])

    /// Whether blocks at these rates have lengths that FFTW transforms without allocating.
    static func supports(_ inputRate: Int, _ outputRate: Int) -> Bool {
        [inputRate, outputRate].allSatisfy { rate in
            var rest = rate / 25
            for prime in [2, 3, 5, 7] {
                while rest % prime == 0 { rest /= prime }
            }
            return rate % 25 == 0 && rest == 1 && rate / 25 * 2 <= mostSamples
        }
    }

    /// Returns the shared plan for two rates that `supports` accepts.
    ///
    /// - Parameter boundary: a number of output samples at which, or soon after which, a block ends.
    static func between(
        _ inputRate: Int, _ outputRate: Int, boundary: Int
    ) throws(StreamingError) -> BlockResamplingPlan {
        let rates = Rates(input: inputRate, output: outputRate, boundary: boundary % (outputRate / 25))
        if let known = shared.withLock({ $0[rates] }) { return known }
        let made = try BlockResamplingPlan(rates)
        shared.withLock { $0[rates] = made }
        return made
    }

    private init(_ rates: Rates) throws(StreamingError) {
        let divisor = greatestCommonDivisor(rates.input, rates.output)
        ratio = (rates.input / divisor, rates.output / divisor)
        (inputHop, outputHop) = (rates.input / 25, rates.output / 25)
        let lower = Double(min(rates.input, rates.output)) / 2
        let half = Self.halfLength(transition: (1 - Resampler.passBandEnd) * lower / Double(rates.input))
        // A third of a block around it if that is enough and gives whole numbers, otherwise a whole block.
        let third = inputHop % 3 == 0 && outputHop % 3 == 0 && outputHop / 3 % ratio.output == 0
        let surroundings = third && 2 * half <= inputHop / 3 ? 3 : 1
        inputLength = inputHop + inputHop / surroundings
        outputLength = outputHop + outputHop / surroundings
        outputStart = (half * ratio.output + ratio.input - 1) / ratio.input

        // The lead is a whole number of steps that both rates share, so that input and output lie on one grid. It has
        // enough steps that a block ends at the boundary or next after it.
        let least = (outputStart + ratio.output - 1) / ratio.output
        let end = outputStart + outputHop - least * ratio.output
        let late = ((end - rates.boundary) % outputHop + outputHop) % outputHop
        let steps = least + late / ratio.output
        lead = steps * ratio.input
        outputLead = steps * ratio.output - outputStart

        forward = try FourierTransform.ofLength(inputLength)
        inverse = try FourierTransform.ofLength(outputLength, .inverse)
        gains = Self.gains(
            cutoff: (1 + Resampler.passBandEnd) / 2 * lower / Double(rates.input), half: half, length: inputLength,
            count: min(inputLength, outputLength) / 2 + 1, transform: forward)
    }

    /// Resamples a block with its surroundings, [inputLength]. Of the output, [outputLength], the `outputHop` samples
    /// from `outputStart` on are valid.
    func process(
        _ input: borrowing OwnedBuffer<Float>, spectrum: Spectrum, into output: borrowing OwnedBuffer<Float>
    ) {
        let count = gains.count
        forward.execute(input, bins: count, into: spectrum)
        let (real, imaginary) = (spectrum.real.pointer, spectrum.imaginary.pointer)
        // Safe: the transform has checked that the spectrum has so many bins.
        gains.withUnsafeBufferPointer { gains in
            let gains = gains.baseAddress!
            for bin in 0..<count { real[bin] *= gains[bin] }
            for bin in 0..<count { imaginary[bin] *= gains[bin] }
        }
        let rest = outputLength / 2 + 1 - count
        if rest > 0 {
            (real + count).update(repeating: 0, count: rest)
            (imaginary + count).update(repeating: 0, count: rest)
        }
        inverse.execute(spectrum, into: output)
    }

    /// Output samples of a whole stream of `inputCount` samples.
    func outputCount(_ inputCount: Int) -> Int { (inputCount * ratio.output + ratio.input / 2) / ratio.input }

    // MARK: The filter: a sinc under a Kaiser function

    /// Half of the filter's length in samples, for a transition width in cycles per sample (Kaiser 1974).
    private static func halfLength(transition: Double) -> Int {
        Int(((attenuation - 7.95) / (2.285 * 2 * Double.pi * transition) / 2).rounded(.up))
    }

    /// Gains of the filter at the first `count` frequencies.
    ///
    /// - Parameters:
    ///   - cutoff: cycles per sample.
    ///   - length: length of the transform.
    private static func gains(
        cutoff: Double, half: Int, length: Int, count: Int, transform: FourierTransform
    ) -> [Float] {
        let beta = 0.1102 * (attenuation - 8.7)
        let taps = (0...half).map { index -> Double in
            let place = Double(index) / Double(half)
            let kaiser = bessel(beta * (1 - place * place).squareRoot()) / bessel(beta)
            let angle = 2 * Double.pi * cutoff * Double(index)
            return kaiser * (index == 0 ? 2 * cutoff : 2 * cutoff * sin(angle) / angle)
        }
        let sum = taps[0] + 2 * taps.dropFirst().reduce(0, +)
        let response = OwnedBuffer<Float>(repeating: 0, count: length)
        let spectrum = Spectrum(samples: length)
        for (index, tap) in taps.enumerated() {
            // The two transforms together multiply by the length.
            let value = Float(tap / sum / Double(length))
            response[index] = value
            response[(length - index) % length] = value
        }
        transform.execute(response, bins: count, into: spectrum)
        return Array(spectrum.real.elements.prefix(count))
    }

    /// The modified Bessel function of the first kind and order zero, by its power series.
    private static func bessel(_ value: Double) -> Double {
        var (sum, term, index) = (1.0, 1.0, 1.0)
        while term > 1e-12 * sum {
            term *= value * value / (4 * index * index)
            sum += term
            index += 1
        }
        return sum
    }
}
