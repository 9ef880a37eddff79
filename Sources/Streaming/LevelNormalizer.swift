// SPDX-License-Identifier: GPL-3.0-or-later

import Model

/// Makes log-mel frames independent of the level they were played at, from the past only.
///
/// Per frame: a peak that decays, a floor a fixed range under it, and an exponential mean (started unbiased, as in
/// Adam) of the floored frames' means over the bands, which is subtracted. A silent frame becomes zeros and changes
/// nothing, so that what was silent before a track starts does not matter.
package struct LevelNormalizer: Sendable {
    private let level: FrontEnd.Level
    private var peak = -Float.infinity
    private var meanSum: Float = 0
    private var weight: Float = 0
    /// Whether the last frame was silent, and so became all zeros.
    private(set) var isSilent = false

    package init(frontEnd: FrontEnd = .version1) {
        level = frontEnd.level
    }

    /// Forgets the past.
    package mutating func reset() {
        peak = -.infinity
        meanSum = 0
        weight = 0
    }

    /// Replaces a frame's bands (dB) by their normalised values (dB).
    package mutating func process(_ bands: UnsafeMutableBufferPointer<Float>) {
        var loudest = -Float.infinity
        for value in bands { loudest = max(loudest, value) }
        isSilent = !(loudest >= level.silence)
        guard !isSilent else {
            bands.update(repeating: 0)
            return
        }
        peak = max(loudest, peak - level.peakDecay)
        let floor = peak - level.range
        var sum: Float = 0
        for index in bands.indices {
            bands[index] = max(bands[index], floor)
            sum += bands[index]
        }
        let rate = 1 / level.meanFrames
        meanSum += rate * (sum / Float(bands.count) - meanSum)
        weight += rate * (1 - weight)
        let mean = meanSum / weight
        for index in bands.indices { bands[index] -= mean }
    }
}
