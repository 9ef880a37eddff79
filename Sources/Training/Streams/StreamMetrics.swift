// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Streaming

/// How good the published label of streams is, against what was really playing.
package struct StreamMetrics: Sendable, Codable {
    /// Minutes of audio.
    package var minutes = 0.0
    /// Clips played.
    package var clips = 0
    /// The share of time, from `settling` seconds after each change on, at which the published label is right.
    package var right = 0.0
    /// The same for time at which a label is published that is wrong; the rest is `unsure` or silence.
    package var wrong = 0.0
    /// Seconds from a change to the right label, median over all changes; nil when more than half never got it.
    package var medianDelay: Double?
    /// The same over the changes whose clip got its right label at all.
    package var medianDelayFound: Double?
    /// The share of clips whose right label was published at some time.
    package var found = 0.0
    /// How often a minute the published label changed to another one without a change of the music: more than once a clip.
    package var falseChanges = 0.0
    /// The confidence of the published label, mean over the time at which there is one: if calibrated, `right` over
    /// `right` and `wrong`. Nil when nothing was ever published.
    package var confidence: Double?
    /// Expected calibration error of the confidence (10 bins), over the same time.
    package var calibrationError: Double?

    /// Seconds after a change that do not count for `right`.
    package static let settling = 6.0
}
