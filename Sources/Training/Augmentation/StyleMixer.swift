// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Model

/// MixStyle: moves the mean and deviation of each band over a window towards those of another window. They depend on the
/// recording more than on the music (Zhou, Yang, Qiao and Xiang, "Domain generalization with MixStyle", 2021; here on the
/// input instead of inner layers).
struct StyleMixer: ~Copyable {
    private let chance: Float
    private let bands = FrontEnd.version1.melBands
    private let frames = FrontEnd.version1.windowFrames
    /// [batch, 2, bands]: each window's means, then its deviations.
    private let styles: OwnedBuffer<Float>

    /// Added to deviations, in dB, so that a nearly constant band is not amplified.
    private static let leastDeviation: Float = 0.5
    /// Parameter of the Beta distribution of the share that a window keeps of its own style, at least half.
    private static let spread: Float = 0.4

    /// - Parameter chance: probability that a window is changed.
    init(batch: Int, chance: Float) {
        self.chance = chance
        styles = OwnedBuffer(repeating: 0, count: chance > 0 ? batch * 2 * bands : 0)
    }

    private func style(_ index: Int) -> UnsafeMutablePointer<Float> { styles.pointer + index * 2 * bands }

    /// Measures the style of a window of the batch, [frames, bands].
    func measure(_ window: UnsafePointer<Float>, index: Int) {
        guard chance > 0 else { return }
        let means = style(index)
        let deviations = means + bands
        for band in 0..<(2 * bands) { means[band] = 0 }
        for frame in 0..<frames {
            for band in 0..<bands { means[band] += window[frame * bands + band] }
        }
        for band in 0..<bands { means[band] /= Float(frames) }
        for frame in 0..<frames {
            for band in 0..<bands {
                let difference = window[frame * bands + band] - means[band]
                deviations[band] += difference * difference
            }
        }
        for band in 0..<bands { deviations[band] = (deviations[band] / Float(frames)).squareRoot() }
    }

    /// Moves a window towards the style of another with the probability `chance`. Call `measure` for both first.
    func mix(
        _ window: UnsafeMutablePointer<Float>, index: Int, with partner: Int, _ generator: inout CounterGenerator
    ) {
        guard chance > 0, generator.chance(chance) else { return }
        let draw = generator.beta(Self.spread)
        let kept = max(draw, 1 - draw)
        let (means, otherMeans) = (style(index), style(partner))
        for band in 0..<bands {
            let deviation = means[bands + band] + Self.leastDeviation
            let otherDeviation = otherMeans[bands + band] + Self.leastDeviation
            let scale = (kept * deviation + (1 - kept) * otherDeviation) / deviation
            let shift = kept * means[band] + (1 - kept) * otherMeans[band] - scale * means[band]
            for frame in 0..<frames { window[frame * bands + band] = window[frame * bands + band] * scale + shift }
        }
    }
}
