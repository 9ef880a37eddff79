// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Model

/// Grid on which a stream's windows and estimates lie.
package struct UpdateGrid: Sendable, Equatable {
    /// Frames from one window to the next: the architecture's own step, or a divisor of it if the updates need one.
    package let step: Int
    /// Windows from one estimate to the next.
    package let stepsPerUpdate: Int
    /// Seconds from one estimate to the next.
    package let interval: Double

    /// - Parameter interval: seconds between estimates, a multiple of the front end's hop. The default is the
    ///   architecture's step. Multiples of that step cost no more than the step itself.
    /// - Throws: `badParameter` if the interval is not a multiple of the hop or is longer than 10 000 hops.
    package init(model: GenreModel, interval: Double?) throws(StreamingError) {
        let hop = model.frontEnd.hopDuration
        let own = model.architecture.step
        let frames = interval.map { ($0 / hop).rounded() } ?? Double(own)
        guard frames >= 1, frames <= 10_000, abs(frames * hop - (interval ?? frames * hop)) < 1e-6 else {
            throw StreamingError(
                .badParameter,
                "an update every \(interval ?? 0) s is impossible: it must be a multiple of \(hop) s (one hop), at most"
                    + " \(10_000 * hop) s; multiples of the network's step, \(Double(own) * hop) s, cost least"
            )
        }
        step = greatestCommonDivisor(Int(frames), own)
        stepsPerUpdate = Int(frames) / step
        self.interval = frames * hop
    }
}
