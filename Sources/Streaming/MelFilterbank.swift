// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model

/// Triangular filters on the mel scale of Slaney's Auditory Toolbox, each of unit area, as
/// `librosa.filters.mel(sr=22050, n_fft=2048, n_mels=64)` gives them, and the logarithm of what they let through. Only
/// weights that are not zero are kept, in groups of 16 that are summed at once.
package struct MelFilterbank: Sendable {
    typealias Lanes = SIMD16<Float>
    /// For each band the first FFT bin it weighs, and where its weights lie in `weights`.
    let bands: [(firstBin: Int, weights: Range<Int>)]
    /// The last group of a band is filled up with zeros.
    let weights: [Lanes]
    /// The least power that a band has.
    private let floor: Float

    package init(frontEnd: FrontEnd = .version1) {
        floor = Float(frontEnd.logFloor)
        let count = frontEnd.melBands
        let low = Self.mel(frontEnd.minimumFrequency)
        let high = Self.mel(frontEnd.maximumFrequency)
        let edges = (0..<(count + 2)).map { Self.hertz(low + (high - low) * Double($0) / Double(count + 1)) }
        let bins = frontEnd.frameLength / 2 + 1
        let binWidth = Double(frontEnd.sampleRate) / Double(frontEnd.frameLength)
        var bands: [(Int, Range<Int>)] = []
        var weights: [Lanes] = []
        for band in 0..<count {
            var inBand: [Float] = []
            var firstBin: Int?
            for bin in 0..<bins {
                let frequency = Double(bin) * binWidth
                let rising = (frequency - edges[band]) / (edges[band + 1] - edges[band])
                let falling = (edges[band + 2] - frequency) / (edges[band + 2] - edges[band + 1])
                let height = max(0, min(rising, falling))
                if height > 0 {
                    if firstBin == nil { firstBin = bin }
                    inBand.append(Float(height * 2 / (edges[band + 2] - edges[band])))
                }
            }
            let start = weights.count
            for first in stride(from: 0, to: inBand.count, by: Lanes.scalarCount) {
                let group = inBand[first..<min(first + Lanes.scalarCount, inBand.count)]
                weights.append(Lanes(Array(group) + [Float](repeating: 0, count: Lanes.scalarCount - group.count)))
            }
            bands.append((firstBin ?? 0, start..<weights.count))
        }
        self.bands = bands
        self.weights = weights
    }

    /// The bins of a power spectrum that `process` reads: what is after the last one counts nothing, but must be finite.
    package static func paddedBins(_ frontEnd: FrontEnd) -> Int { frontEnd.frameLength / 2 + Lanes.scalarCount }

    /// The bands, in dB, of a power spectrum of `paddedBins` bins.
    package func process(_ power: UnsafePointer<Float>, into target: UnsafeMutableBufferPointer<Float>) {
        weights.withUnsafeBufferPointer { weights in
            for (band, (firstBin, range)) in bands.enumerated() {
                var sums = Lanes.zero
                let bins = UnsafeRawPointer(power + firstBin)
                for (index, group) in range.enumerated() {
                    sums += weights[group] * bins.loadUnaligned(fromByteOffset: 64 * index, as: Lanes.self)
                }
                target[band] = max(sums.sum(), floor)
            }
        }
        Self.decibels(UnsafeMutableBufferPointer(rebasing: target[..<bands.count]))
    }

    /// Replaces powers, which are positive, by 10·log10 of them; to 1e-4 dB.
    static func decibels(_ values: UnsafeMutableBufferPointer<Float>) {
        let bytes = UnsafeMutableRawBufferPointer(values)
        let whole = values.count / Lanes.scalarCount * MemoryLayout<Lanes>.size
        for offset in stride(from: 0, to: whole, by: MemoryLayout<Lanes>.size) {
            let powers = bytes.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
            bytes.storeBytes(of: decibels(powers), toByteOffset: offset, as: Lanes.self)
        }
        for index in (whole / MemoryLayout<Float>.size)..<values.count { values[index] = 10 * log10(values[index]) }
    }

    /// A power is m·2^e with m between √½ and √2, and ln m = 2 artanh((m - 1) / (m + 1)), of whose series five terms are
    /// enough.
    @inline(__always)
    private static func decibels(_ powers: Lanes) -> Lanes {
        let bits = unsafeBitCast(powers, to: SIMD16<Int32>.self)
        let rootOfHalf = SIMD16<Int32>(repeating: 0x3F35_04F3)
        let exponents = (bits &- rootOfHalf) &>> 23
        let mantissas = unsafeBitCast(bits &- (exponents &<< 23), to: Lanes.self)
        let ratios = (mantissas - 1) / (mantissas + 1)
        let squares = ratios * ratios
        var series = Lanes(repeating: 1.0 / 9)
        for divisor: Float in [7, 5, 3, 1] { series = series * squares + 1 / divisor }
        return Lanes(exponents) * Self.decibelsPerOctave + series * ratios * Self.decibelsPerNeper
    }

    private static let decibelsPerOctave = Float(10 * log10(2.0))
    /// Of power, and twice that: the series has half of the logarithm.
    private static let decibelsPerNeper = Float(20 / log(10.0))

    // Slaney's scale: linear to 1 kHz, logarithmic above.
    private static let linearStep = 200.0 / 3
    private static let breakFrequency = 1000.0
    private static let logStep = Foundation.log(6.4) / 27

    private static func mel(_ hertz: Double) -> Double {
        hertz < breakFrequency
            ? hertz / linearStep : breakFrequency / linearStep + Foundation.log(hertz / breakFrequency) / logStep
    }

    private static func hertz(_ mel: Double) -> Double {
        let breakMel = breakFrequency / linearStep
        return mel < breakMel ? mel * linearStep : breakFrequency * Foundation.exp((mel - breakMel) * logStep)
    }
}
