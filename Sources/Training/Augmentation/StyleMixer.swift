// SPDX-License-Identifier: GPL-3.0-or-later

import Model

/// Gives a window the sound of another: mean and deviation of each band over the window, which tell the recording more than
/// the music, are moved some way to another window's (Zhou, Yang, Qiao and Xiang, "Domain generalization with MixStyle",
/// 2021, on the input instead of inner layers).
struct StyleMixer {
    private let chance: Float
    private let bands = FrontEnd.version1.melBands
    private let frames = FrontEnd.version1.windowFrames
    /// Of each window of a batch, [2, bands]: means, then deviations.
    private let styles: Storage

    /// Added to a deviation, in dB: a band that hardly moves is not blown up.
    private static let leastDeviation: Float = 0.5
    /// Of the Beta distribution that says how much of its own sound a window keeps, at least half.
    private static let spread: Float = 0.4

    /// - Parameter chance: of a window to be changed.
    init(batch: Int, chance: Float) {
        self.chance = chance
        styles = Storage(chance > 0 ? batch * 2 * bands : 0)
    }

    private func style(_ index: Int) -> UnsafeMutablePointer<Float> { styles.pointer + index * 2 * bands }

    /// Takes down how a batch's window sounds: [frames, bands].
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

    /// Moves a window towards the sound of another, when both have been measured; or leaves it.
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
