// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CFFTW
import Foundation
import Synchronization

/// How to bring blocks of 40 ms from one rate to another by FFT, for all streams at the two rates: the spectrum of a
/// block and its surroundings, low-pass filtered, is as long as the output needs and goes back (overlap-save; Crochiere
/// and Rabiner, *Multirate Digital Signal Processing*, 1983, chapter 7).
///
/// Possible when 40 ms are whole samples at both rates, and their number a product of small primes, as of all common rates.
final class BlockResamplingPlan: Sendable {
    /// The most samples of one block with its surroundings, at either rate.
    static let mostSamples = 192_000 / 25 * 2
    /// What is let through of what lies above the lower Nyquist frequency, dB.
    private static let attenuation = 100.0

    /// Samples that come and go with a block.
    let inputHop: Int
    let outputHop: Int
    /// Samples of a block with its surroundings.
    let inputLength: Int
    let outputLength: Int
    /// The first of the block's samples in what comes out with its surroundings.
    let outputStart: Int
    /// Zeros before a stream's first sample.
    let lead: Int
    /// Samples that come out before the one that belongs to the first sample.
    let outputLead: Int

    private let forward: FourierTransform
    private let inverse: FourierTransform
    /// The filter's gain at each frequency that both spectra have; its phase is zero.
    private let gains: [Float]
    /// The greatest common divisor's share of the rates.
    private let ratio: (input: Int, output: Int)

    private struct Rates: Hashable {
        var input: Int
        var output: Int
        var boundary: Int
    }

    private static let shared = Mutex<[Rates: BlockResamplingPlan]>([:])

    /// Of other lengths FFTW allocates while it transforms.
    static func supports(_ inputRate: Int, _ outputRate: Int) -> Bool {
        [inputRate, outputRate].allSatisfy { rate in
            var rest = rate / 25
            for prime in [2, 3, 5, 7] {
                while rest % prime == 0 { rest /= prime }
            }
            return rate % 25 == 0 && rest == 1 && rate / 25 * 2 <= mostSamples
        }
    }

    /// - Parameters:
    ///   - inputRate: Hz, at most 192 000; both rates as `supports` has them.
    ///   - boundary: a number of output samples after which a block shall end, or soon after.
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
        // A third of a block around it where that is enough and gives whole numbers, else a whole one.
        let third = inputHop % 3 == 0 && outputHop % 3 == 0 && outputHop / 3 % ratio.output == 0
        let surroundings = third && 2 * half <= inputHop / 3 ? 3 : 1
        inputLength = inputHop + inputHop / surroundings
        outputLength = outputHop + outputHop / surroundings
        outputStart = (half * ratio.output + ratio.input - 1) / ratio.input

        // The lead is of whole steps that both rates have, so that the two lie on one grid, and of as many that a block
        // ends with the boundary or next after it.
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

    /// What comes out of a block with its surroundings: `outputLength` samples, of which `outputHop` from `outputStart`
    /// on are good.
    func process(
        _ input: UnsafeMutablePointer<Float>, spectrum: UnsafeMutablePointer<fftwf_complex>,
        into output: UnsafeMutablePointer<Float>
    ) {
        forward.execute(input, spectrum)
        // fftwf_complex is float[2]: the spectrum seen as consecutive real and imaginary parts.
        spectrum.withMemoryRebound(to: Float.self, capacity: outputLength + 2) { parts in
            gains.withUnsafeBufferPointer { gains in
                let count = gains.count
                let gains = gains.baseAddress!
                for bin in 0..<count {
                    parts[2 * bin] *= gains[bin]
                    parts[2 * bin + 1] *= gains[bin]
                }
                let rest = outputLength + 2 - 2 * count
                if rest > 0 { (parts + 2 * count).update(repeating: 0, count: rest) }
            }
        }
        inverse.execute(spectrum, output)
    }

    /// How many samples come out of so many, in all.
    func outputCount(_ inputCount: Int) -> Int { (inputCount * ratio.output + ratio.input / 2) / ratio.input }

    // MARK: The filter: a sinc under Kaiser's window

    /// Samples to either side of the middle, for a transition of so many cycles a sample (Kaiser 1974).
    private static func halfLength(transition: Double) -> Int {
        Int(((attenuation - 7.95) / (2.285 * 2 * Double.pi * transition) / 2).rounded(.up))
    }

    /// - Parameters:
    ///   - cutoff: cycles a sample.
    ///   - length: of the transform.
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
        let response = FourierTransform.allocateReal(length)
        let spectrum = FourierTransform.allocateComplex(length / 2 + 1)
        defer {
            FourierTransform.free(response)
            FourierTransform.free(spectrum)
        }
        response.initialize(repeating: 0, count: length)
        for (index, tap) in taps.enumerated() {
            // The two transforms multiply by the length.
            let value = Float(tap / sum / Double(length))
            response[index] = value
            response[(length - index) % length] = value
        }
        transform.execute(response, spectrum)
        return spectrum.withMemoryRebound(to: Float.self, capacity: 2 * count) { parts in
            (0..<count).map { parts[2 * $0] }
        }
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
