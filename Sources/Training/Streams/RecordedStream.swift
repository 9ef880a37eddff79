// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Model
import Streaming

/// A simulated stream of labelled clips, one after the other, with the network's output for each step. Many estimators can
/// be tried on one recording.
package struct RecordedStream: Sendable {
    /// One step of the stream. Times are seconds since its start.
    struct Step: Sendable {
        var time: Double
        /// Label of the clip that is playing.
        var reference: Int
        /// Seconds since that clip started.
        var age: Double
        /// Index of the clip that is playing.
        var clip: Int
        var windowProbabilities: [Float]?
        var active: Double
        var silent: Bool
        var elapsed: Double

        /// Whether the clip has played long enough that the label should be right.
        var isSettled: Bool { age >= StreamMetrics.settling }
    }

    /// The model's labels.
    package let labels: [String]
    /// Indices of the labels for audio that is not music.
    let noMusic: [Int]
    var steps: [Step] = []
    var clips = 0
}
