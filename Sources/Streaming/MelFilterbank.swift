// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model

/// Mel filterbank with logarithm: triangular filters of unit area on the mel scale of Slaney's Auditory Toolbox.
///
/// The weights equal `librosa.filters.mel(sr=22050, n_fft=2048, n_mels=64)`. Only weights that are not zero are stored,
/// in groups of 16 that are summed at once.
package struct MelFilterbank: Sendable {
    typealias Lanes = SIMD16<Float>
    /// For each band its first FFT bin, and the place of its weights in `weights`.
    let bands: [(firstBin: Int, weights: Range<Int>)]
    /// A band's last group is padded with zeros.
    let weights: [Lanes]
    /// Lower limit of a band's power.
    private let floor: Float

    package init(frontEnd: FrontEnd = .version1) {
        floor = Float(frontEnd.logFloor)
        let count = frontEnd.melBands
        let edges = Self.edges(frontEnd)
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

    /// The bands' edges in Hz, [melBands + 2]: band b rises from edge b to b + 1 and falls to b + 2.
    package static func edges(_ frontEnd: FrontEnd = .version1) -> [Double] {
        let low = mel(frontEnd.minimumFrequency)
        let high = mel(frontEnd.maximumFrequency)
        let count = frontEnd.melBands
        return (0..<(count + 2)).map { hertz(low + (high - low) * Double($0) / Double(count + 1)) }
    }

    /// Number of bins that `process` reads. The bins after the spectrum's last one do not count, but must be finite.
    package static func paddedBins(_ frontEnd: FrontEnd) -> Int { frontEnd.frameLength / 2 + Lanes.scalarCount }

    /// Computes the bands, [melBands] in dB, of a power spectrum, [paddedBins].
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

    /// Replaces positive powers by 10·log10 of them, to within 1e-4 dB.
    static func decibels(_ values: UnsafeMutableBufferPointer<Float>) {
        let bytes = UnsafeMutableRawBufferPointer(values)
        let whole = values.count / Lanes.scalarCount * MemoryLayout<Lanes>.size
        for offset in stride(from: 0, to: whole, by: MemoryLayout<Lanes>.size) {
            let powers = bytes.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
            bytes.storeBytes(of: decibels(powers), toByteOffset: offset, as: Lanes.self)
        }
        for index in (whole / MemoryLayout<Float>.size)..<values.count { values[index] = 10 * log10(values[index]) }
    }

    /// Computes 10·log10. A power is m·2^e with m between √½ and √2, and ln m = 2 artanh((m - 1) / (m + 1)), whose
    /// series needs five terms.
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
    /// Decibels of power per neper, times two, because the series gives half of the logarithm.
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
