// SPDX-License-Identifier: GPL-3.0-or-later

/// What a source is heard to be, or why nothing can be said.
package enum EstimateState: String, Codable, Sendable, CaseIterable {
    /// Less than one window (3 s) of audio has been heard.
    case starting
    /// A genre is published.
    case genre
    /// Music, but no genre is probable enough.
    case unsure
    /// The level has been under the silence threshold.
    case silence
    /// Speech, noise or a crowd, if the model has such a class.
    case noMusic = "no-music"
    /// The device is lost, or delivers nothing.
    case noSignal = "no-signal"
}

/// The rolling estimate of one source: the result of `current`, the parameters of an `estimate` notification.
package struct Estimate: Codable, Sendable, Equatable {
    /// The source's name.
    package var source: String
    /// When this was published, RFC 3339 with milliseconds, in UTC.
    package var time: String
    /// Seconds of audio heard since the source was opened.
    package var position: Double
    package var state: EstimateState
    /// Null unless `state` is `genre`.
    @OrNull package var genre: String?
    /// The one word to show: the genre if `state` is `genre`, else the state.
    package var label: String
    /// How probable `genre` (or the state `no-music`) is, 0 to 1, calibrated; of an `unsure` estimate, how probable
    /// the best guess is.
    package var confidence: Double
    /// Each label's smoothed probability; they sum to 1.
    package var probabilities: [String: Double]
    /// When the label or state published now began, RFC 3339.
    package var since: String
    /// The level of the last update's audio, dB below full scale (RMS; -120 for digital silence); null before any audio.
    @OrNull package var level: Double?
    /// Each label's calibrated probability in the last window alone, before smoothing; null before the first window.
    @OrNull package var windowProbabilities: [String: Double]?

    /// - Parameter label: by default the genre, or the state where there is no genre.
    package init(
        source: String, time: String, position: Double, state: EstimateState, genre: String?, label: String? = nil,
        confidence: Double, probabilities: [String: Double], since: String, level: Double? = nil,
        windowProbabilities: [String: Double]? = nil
    ) {
        self.source = source
        self.time = time
        self.position = position
        self.state = state
        self.genre = genre
        self.label = label ?? genre ?? state.rawValue
        self.confidence = confidence
        self.probabilities = probabilities
        self.since = since
        self.level = level
        self.windowProbabilities = windowProbabilities
    }
}

/// A change of the published label: a `change` notification, an entry of `history`.
package struct Change: Codable, Sendable, Equatable {
    package var source: String
    package var time: String
    /// Seconds of audio heard since the source was opened.
    package var position: Double
    /// The label (a genre or a state's name) until now.
    package var from: String
    /// In the history alone it can be `stopped`.
    package var to: String
    /// The confidence in `to`, 0 to 1.
    package var confidence: Double
    /// How long `from` had lasted, in seconds.
    package var lasted: Double

    /// What a label becomes in the history when genred stops (or is killed), or the source is taken out of its
    /// configuration; `time` is when it was last heard.
    package static let stopped = "stopped"

    package init(
        source: String, time: String, position: Double, from: String, to: String, confidence: Double, lasted: Double
    ) {
        self.source = source
        self.time = time
        self.position = position
        self.from = from
        self.to = to
        self.confidence = confidence
        self.lasted = lasted
    }
}
