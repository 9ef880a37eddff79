// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Model
import Streaming

/// A stream of labelled clips, one after the other, as the network hears it: all that an estimator needs, kept so
/// that many estimators can be tried on it.
package struct RecordedStream: Sendable {
    /// One step of the stream; times are seconds since its beginning.
    struct Step: Sendable {
        var time: Double
        /// The label of the clip that is playing.
        var truth: Int
        /// Seconds since that clip began.
        var age: Double
        /// Which clip of the stream is playing.
        var clip: Int
        var window: [Float]?
        var active: Double
        var silent: Bool
        var elapsed: Double

        /// Whether it is long enough after the change that the label should be right.
        var isSettled: Bool { age >= StreamMetrics.settling }
    }

    /// The model's labels.
    let labels: [String]
    let noMusic: Int?
    var steps: [Step] = []
    var clips = 0
}
