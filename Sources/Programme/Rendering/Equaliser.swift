// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// One band of an equaliser: a second-order filter after Bristow-Johnson's "Cookbook formulae for audio EQ".
struct EqualiserBand: Sendable, Equatable {
    enum Shape: Sendable { case lowShelf, peak, highShelf, lowPass, highPass }

    let shape: Shape
    /// The centre of a peak, the middle of a shelf's slope, or the corner of a pass filter, in Hz.
    let frequency: Double
    /// The gain at the centre or on the shelf, in dB; pass filters have none.
    var gain = 0.0
    /// A peak's centre frequency divided by its width. Shelves and pass filters have the steepest slope without overshoot.
    var quality = 0.7

    static func lowShelf(_ frequency: Double, _ gain: Double) -> EqualiserBand {
        EqualiserBand(shape: .lowShelf, frequency: frequency, gain: gain)
    }

    static func peak(_ frequency: Double, _ gain: Double, quality: Double = 0.7) -> EqualiserBand {
        EqualiserBand(shape: .peak, frequency: frequency, gain: gain, quality: quality)
    }

    static func highShelf(_ frequency: Double, _ gain: Double) -> EqualiserBand {
        EqualiserBand(shape: .highShelf, frequency: frequency, gain: gain)
    }

    static func lowPass(_ frequency: Double) -> EqualiserBand { EqualiserBand(shape: .lowPass, frequency: frequency) }

    static func highPass(_ frequency: Double) -> EqualiserBand { EqualiserBand(shape: .highPass, frequency: frequency) }

    /// Returns the filter's coefficients at a sample rate, divided by a0: b0, b1, b2, a1, a2.
    fileprivate func coefficients(sampleRate: Double) -> (Double, Double, Double, Double, Double) {
        let amplitude = pow(10, gain / 40)
        let angle = 2 * .pi * frequency / sampleRate
        let cosine = cos(angle)
        let alpha = sin(angle) / (2 * (shape == .peak ? quality : 0.5.squareRoot()))
        switch shape {
        case .peak:
            let a0 = 1 + alpha / amplitude
            return (
                (1 + alpha * amplitude) / a0, -2 * cosine / a0, (1 - alpha * amplitude) / a0, -2 * cosine / a0,
                (1 - alpha / amplitude) / a0
            )
        case .lowPass, .highPass:
            let a0 = 1 + alpha
            let middle = shape == .lowPass ? 1 - cosine : -1 - cosine
            return (abs(middle) / 2 / a0, middle / a0, abs(middle) / 2 / a0, -2 * cosine / a0, (1 - alpha) / a0)
        case .lowShelf, .highShelf:
            // The high shelf is the low shelf mirrored at a quarter of the sample rate.
            let slope = 2 * amplitude.squareRoot() * alpha
            let above = amplitude + 1
            let below = (amplitude - 1) * (shape == .lowShelf ? 1 : -1)
            let a0 = above + below * cosine + slope
            return (
                amplitude * (above - below * cosine + slope) / a0, 2 * amplitude * (below - above * cosine) / a0,
                amplitude * (above - below * cosine - slope) / a0, -2 * (below + above * cosine) / a0,
                (above + below * cosine - slope) / a0
            )
        }
    }
}

extension Sound {
    /// Filters both channels with each band in turn.
    mutating func equalise(_ bands: [EqualiserBand]) {
        for band in bands {
            let (b0, b1, b2, a1, a2) = band.coefficients(sampleRate: Double(Self.sampleRate))
            for channel in 0...1 {
                // Transposed direct form II.
                var first = 0.0
                var second = 0.0
                for index in stride(from: channel, to: samples.count, by: 2) {
                    let input = Double(samples[index])
                    let output = b0 * input + first
                    first = b1 * input - a1 * output + second
                    second = b2 * input - a2 * output
                    samples[index] = Float(output)
                }
            }
        }
    }
}
