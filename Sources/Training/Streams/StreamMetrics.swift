// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Streaming

/// Metrics of the published label of streams, compared with the clips that were playing.
package struct StreamMetrics: Sendable, Codable {
    /// Minutes of audio.
    package var minutes = 0.0
    /// Number of clips.
    package var clips = 0
    /// Share of the time with the right label published, starting `settling` seconds after each change.
    package var right = 0.0
    /// Share of that time with a wrong label published; in the rest the state is `unsure` or silence.
    package var wrong = 0.0
    /// Median seconds from a change to the right label, over all changes; nil if more than half never got the right label.
    package var medianDelay: Double?
    /// The same over the changes whose clip got its right label.
    package var medianDelayFound: Double?
    /// Share of clips whose right label was published at some time.
    package var found = 0.0
    /// Changes of the published label per minute, not counting the first in each clip.
    package var falseChanges = 0.0
    /// Mean confidence of the published label, over the time with one. If calibrated, it is `right` / (`right` + `wrong`).
    /// Nil if no label was ever published.
    package var confidence: Double?
    /// Expected calibration error of the confidence (10 bins), over the same time.
    package var calibrationError: Double?

    /// Share of that time with the right label among the alternatives, and the mean number of these.
    package var amongAlternatives = 0.0
    package var alternatives = 0.0
    /// Shares of the time from `settling` on in which a genre, `unsure` (which includes silence) or each of the labels for
    /// audio that is not music was published.
    package var published: [String: Double] = [:]

    /// Seconds after a change that do not count for `right` and `wrong`.
    package static let settling = 6.0
}
