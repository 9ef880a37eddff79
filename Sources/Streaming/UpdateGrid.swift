// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Model

/// Where a stream's windows and estimates lie.
package struct UpdateGrid: Sendable, Equatable {
    /// Frames from one window of the network to the next: the architecture's own step, or the part of it that the
    /// updates need.
    package let step: Int
    /// Windows from one estimate to the next.
    package let stepsPerUpdate: Int
    /// Seconds from one estimate to the next.
    package let interval: Double

    /// - Parameter interval: seconds between estimates, a multiple of the front end's hop; by default the
    ///   architecture's step, and its multiples cost no more than that does.
    package init(model: GenreModel, interval: Double?) throws(StreamingError) {
        let hop = model.frontEnd.hopDuration
        let own = model.architecture.step
        let frames = interval.map { ($0 / hop).rounded() } ?? Double(own)
        guard frames >= 1, frames <= 10_000, abs(frames * hop - (interval ?? frames * hop)) < 1e-6 else {
            throw StreamingError(
                .badParameter,
                "an update every \(interval ?? 0) s is impossible: it must be a multiple of a frame, \(hop) s, and is"
                    + " cheapest as one of the network's step, \(Double(own) * hop) s; at most \(10_000 * hop) s")
        }
        step = greatestCommonDivisor(Int(frames), own)
        stepsPerUpdate = Int(frames) / step
        self.interval = frames * hop
    }
}
