// SPDX-License-Identifier: GPL-3.0-or-later

/// Whether a source's estimate is a genre, and if not, why.
package enum EstimateState: String, Codable, Sendable, CaseIterable {
    /// Less than one window (3 s) of audio has been heard.
    case starting
    /// A genre is published.
    case genre
    /// Music is playing, but no genre is probable enough.
    case unsure
    /// The level is below the silence threshold.
    case silence
    /// Speech, noise or a crowd is heard, if the model has such a class.
    case noMusic = "no-music"
    /// The device is lost, or delivers nothing.
    case noSignal = "no-signal"
}

/// The estimate of one source: a result of `current`, and the parameters of an `estimate` notification.
package struct Estimate: Codable, Sendable, Equatable {
    /// The source's name.
    package var source: String
    /// The time of publication: RFC 3339 with milliseconds, in UTC.
    package var time: String
    /// Seconds of audio analysed since the source was opened.
    package var position: Double
    package var state: EstimateState
    /// Null unless `state` is `genre`.
    @OrNull package var genre: String?
    /// The one word to show: the genre if `state` is `genre`; if it is `no-music`, what the model calls that (`speech`,
    /// `noise`, or `no-music` itself); else the state.
    package var label: String
    /// The fewest labels that hold the right one nine times in ten, the most probable first, and at most three; empty
    /// where nothing is heard.
    package var alternatives: [String]
    /// The calibrated probability, 0 to 1, of `label` in the states `genre` and `no-music`. For an `unsure` estimate, that of the
    /// most probable label.
    package var confidence: Double
    /// Each label's smoothed probability; they sum to 1.
    package var probabilities: [String: Double]
    /// The time at which the current label began, RFC 3339.
    package var since: String
    /// The RMS level of the last update's audio in dB relative to full scale, -120 for digital silence; null before any
    /// audio.
    @OrNull package var level: Double?
    /// Each label's calibrated probability in the last window (3 s) alone, before smoothing; null before the first
    /// window.
    @OrNull package var windowProbabilities: [String: Double]?
    /// What the source, or a client with `annotate`, says is playing; null where nothing is known.
    @OrNull package var title: String?

    /// - Parameter label: By default the genre, or the state where there is no genre.
    package init(
        source: String, time: String, position: Double, state: EstimateState, genre: String?, label: String? = nil,
        confidence: Double, alternatives: [String] = [], probabilities: [String: Double], since: String,
        level: Double? = nil, windowProbabilities: [String: Double]? = nil, title: String? = nil
    ) {
        self.source = source
        self.time = time
        self.position = position
        self.state = state
        self.genre = genre
        self.label = label ?? genre ?? state.rawValue
        self.confidence = confidence
        self.alternatives = alternatives
        self.probabilities = probabilities
        self.since = since
        self.level = level
        self.windowProbabilities = windowProbabilities
        self.title = title
    }
}
