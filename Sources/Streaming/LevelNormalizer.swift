// SPDX-License-Identifier: GPL-3.0-or-later

import Model

/// Makes log-mel frames independent of the playback level, from the past only.
///
/// Each frame is floored at a fixed range under a decaying peak. Then an exponential mean of the floored frames' means
/// over the bands is subtracted; the mean is bias-corrected as in Adam (Kingma and Ba, 2015). A silent frame becomes
/// all zeros and changes no state, so that silence before a track does not matter.
package struct LevelNormalizer: Sendable {
    private let level: FrontEnd.Level
    private var peak = -Float.infinity
    private var meanSum: Float = 0
    private var weight: Float = 0
    /// Whether the last frame was silent, and therefore became all zeros.
    private(set) var isSilent = false

    package init(frontEnd: FrontEnd = .version1) {
        level = frontEnd.level
    }

    /// Begins a new stream.
    package mutating func reset() {
        peak = -.infinity
        meanSum = 0
        weight = 0
    }

    /// Replaces a frame's bands, [melBands] in dB, by their normalised values in dB.
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
