// SPDX-License-Identifier: GPL-3.0-or-later

/// A change of the published label: the parameters of a `change` notification, and an entry of `history`.
package struct Change: Codable, Sendable, Equatable {
    package var source: String
    package var time: String
    /// Seconds of audio analysed since the source was opened.
    package var position: Double
    /// The label until this change: a genre or the name of a state.
    package var from: String
    /// The label from this change on. In the history it can also be `stopped`.
    package var to: String
    /// The confidence in `to`, 0 to 1.
    package var confidence: Double
    /// How long `from` had lasted, in seconds.
    package var lasted: Double
    /// The change's number: larger than that of any earlier change of this daemon's `instance`, over restarts too, and
    /// never used twice.
    package var seq: Int
    /// What the source said was playing at the time; null where nothing is known.
    @OrNull package var title: String?

    /// The label that ends a source's history when genred stops or is killed, or when the source is removed from the
    /// configuration. Its `time` is when the source was last heard.
    package static let stopped = "stopped"

    package init(
        source: String, time: String, position: Double, from: String, to: String, confidence: Double, lasted: Double,
        seq: Int = 0, title: String? = nil
    ) {
        self.source = source
        self.time = time
        self.position = position
        self.from = from
        self.to = to
        self.confidence = confidence
        self.lasted = lasted
        self.seq = seq
        self.title = title
    }
}
