// SPDX-License-Identifier: GPL-3.0-or-later

/// The front end that a model was trained on: everything between samples and the network's input.
///
/// It is stored in every model file. Loading refuses a model whose front end is not exactly `version1`, because its
/// results would be wrong without any visible error.
package struct FrontEnd: Codable, Hashable, Sendable {
    package var version: Int
    /// Hz.
    package var sampleRate: Int
    /// Samples of a frame, and length of the FFT.
    package var frameLength: Int
    /// Samples from one frame to the next. Frame k covers samples [hop·k, hop·k + frameLength): no centring.
    package var hopLength: Int
    /// The taper, under the key `window` in files: `hann-periodic`.
    package var taper: String
    package var melBands: Int
    package var melScale: String
    package var melNorm: String
    /// Hz.
    package var minimumFrequency: Double
    /// Hz.
    package var maximumFrequency: Double
    /// Lower limit of a band's power, before the logarithm.
    package var logFloor: Double
    /// Number of cepstral coefficients, c0 first.
    package var coefficients: Int
    package var cosineTransform: String
    /// Frames of a window, the network's input.
    package var windowFrames: Int
    package var level: Level

    /// Parameters of the level normalisation, which is causal (`LevelNormalizer` in Streaming).
    package struct Level: Codable, Hashable, Sendable {
        package var kind: String
        /// A frame whose loudest band is below this (dB) is silent: it becomes zeros and changes no state.
        package var silence: Float
        /// Decay of the peak per frame, dB.
        package var peakDecay: Float
        /// Distance of the floor under the peak, dB.
        package var range: Float
        /// Time constant of the subtracted mean, in frames.
        package var meanFrames: Float

        enum CodingKeys: String, CodingKey {
            case kind
            case silence = "silence_db"
            case peakDecay = "peak_decay_db"
            case range = "range_db"
            case meanFrames = "mean_frames"
        }
    }

    enum CodingKeys: String, CodingKey {
        case version, coefficients, level
        case taper = "window"
        case sampleRate = "sample_rate"
        case frameLength = "frame_length"
        case hopLength = "hop_length"
        case melBands = "mel_bands"
        case melScale = "mel_scale"
        case melNorm = "mel_norm"
        case minimumFrequency = "fmin"
        case maximumFrequency = "fmax"
        case logFloor = "log_floor"
        case cosineTransform = "dct"
        case windowFrames = "window_frames"
    }

    /// The only front end so far.
    package static let version1 = FrontEnd(
        version: 1, sampleRate: 22_050, frameLength: 2048, hopLength: 1323, taper: "hann-periodic",
        melBands: 64, melScale: "slaney", melNorm: "slaney", minimumFrequency: 0, maximumFrequency: 11_025,
        logFloor: 1e-10, coefficients: 32, cosineTransform: "II-ortho", windowFrames: 50,
        level: Level(kind: "peak-floor-mean", silence: -60, peakDecay: 0.12, range: 75, meanFrames: 50)
    )

    /// Seconds from one frame to the next.
    package var hopDuration: Double { Double(hopLength) / Double(sampleRate) }

    /// Samples that the first `frames` frames cover.
    package func samples(frames: Int) -> Int { frames == 0 ? 0 : (frames - 1) * hopLength + frameLength }

    /// Seconds of audio that the first `frames` frames cover.
    package func duration(frames: Int) -> Double { Double(samples(frames: frames)) / Double(sampleRate) }

    /// The duration of a window in seconds.
    package var windowDuration: Double { duration(frames: windowFrames) }
}
