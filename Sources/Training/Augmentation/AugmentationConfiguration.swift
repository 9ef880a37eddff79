// SPDX-License-Identifier: GPL-3.0-or-later

/// Random changes of a window's log-mel before training: everything that may differ between two recordings of the same
/// music. A chance is the probability that a window is changed, 0 to 1; an amount is the largest or the typical one.
package struct AugmentationConfiguration: Codable, Sendable, Equatable {
    /// Change of speed by up to e^±speed, without a change of pitch.
    package var speed: Float = 0.2
    package var speedChance: Float = 0.5
    /// How often frames, and shifts along the mel axis, are rounded instead of interpolated: an interpolated frame is
    /// smoother than any frame of real music.
    package var wholeFramesChance: Float = 1
    package var wholeBandsChance: Float = 1
    /// Error of the normalised level, standard deviation in dB.
    package var levelError: Float = 5
    /// Shift along the mel axis (a change of pitch), standard deviation in bands.
    package var shift: Float = 1.2
    package var shiftChance: Float = 0.6
    /// Expansion or compression of the dynamics by up to this share.
    package var contrast: Float = 0.15
    /// Slope and curvature of the spectrum, up to ± this many dB at its ends.
    package var tilt: Float = 4
    package var bend: Float = 6
    /// Equaliser with seven knots, standard deviation in dB.
    package var equalizer: Float = 3
    /// A low-pass in the upper half of the bands (radio, telephone, codec), a high-pass (small speaker), and a roll-off of
    /// only the uppermost bands (resampler).
    package var lowPassChance: Float = 0.3
    package var highPassChance: Float = 0.12
    package var rollOffChance: Float = 0.5
    /// Steady noise of any slope, 8 to 55 dB below the music.
    package var noiseChance: Float = 0.2
    /// Quiet speech or noise under music; the window stays music.
    package var noMusicUnderMusicChance: Float = 0.1
    /// Two tracks of no-music at once, and quiet music under speech; the window stays no-music.
    package var twoNoMusicChance: Float = 0.25
    package var musicUnderSpeechChance: Float = 0.2
    /// Speech and music at once, the one up to 12 dB louder than the other (loudness of EBU R 128): the louder one leads.
    package var speechAndMusicChance: Float = 0
    /// A short silence.
    package var silenceChance: Float = 0.04
    /// Each band's mean and deviation are moved towards those of another window in the batch (`StyleMixer`).
    package var styleChance: Float = 0
    /// One or two masks, each over at most this many frames or bands.
    package var timeMaskChance: Float = 0.5
    package var timeMaskFrames = 8
    package var bandMaskChance: Float = 0.5
    package var bandMaskBands = 8

    package init() {}

    /// No augmentation, except the choice of window and level.
    package static var none: AugmentationConfiguration {
        var result = AugmentationConfiguration()
        result.speedChance = 0
        result.shiftChance = 0
        result.contrast = 0
        result.tilt = 0
        result.bend = 0
        result.equalizer = 0
        result.lowPassChance = 0
        result.highPassChance = 0
        result.rollOffChance = 0
        result.noiseChance = 0
        result.noMusicUnderMusicChance = 0
        result.twoNoMusicChance = 0
        result.musicUnderSpeechChance = 0
        result.speechAndMusicChance = 0
        result.silenceChance = 0
        result.timeMaskChance = 0
        result.bandMaskChance = 0
        return result
    }

    var problem: String? {
        let chances: [(String, Float)] = [
            ("speedChance", speedChance), ("wholeFramesChance", wholeFramesChance),
            ("wholeBandsChance", wholeBandsChance), ("shiftChance", shiftChance), ("lowPassChance", lowPassChance),
            ("highPassChance", highPassChance), ("rollOffChance", rollOffChance), ("noiseChance", noiseChance),
            ("noMusicUnderMusicChance", noMusicUnderMusicChance), ("twoNoMusicChance", twoNoMusicChance),
            ("musicUnderSpeechChance", musicUnderSpeechChance), ("silenceChance", silenceChance),
            ("speechAndMusicChance", speechAndMusicChance),
            ("timeMaskChance", timeMaskChance), ("bandMaskChance", bandMaskChance), ("styleChance", styleChance),
        ]
        for (name, value) in chances where !(0...1).contains(value) {
            return "augmentation.\(name) is \(value); it must be 0 to 1"
        }
        let amounts: [(String, Float, Float)] = [
            ("speed", speed, 0.7), ("shift", shift, 8), ("contrast", contrast, 0.9), ("tilt", tilt, 40),
            ("bend", bend, 40), ("equalizer", equalizer, 20), ("levelError", levelError, 40),
        ]
        for (name, value, largest) in amounts where !(0...largest).contains(value) {
            return "augmentation.\(name) is \(value); it must be 0 to \(largest)"
        }
        for (name, value) in [("timeMaskFrames", timeMaskFrames), ("bandMaskBands", bandMaskBands)]
        where !(1...40).contains(value) {
            return "augmentation.\(name) is \(value); it must be 1 to 40"
        }
        return nil
    }
}
