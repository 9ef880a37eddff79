// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import NIOCore

/// The timer that checks whether an open device still delivers: the only clock that runs while a source does.
struct StallWatch {
    private var next: Scheduled<Void>?

    /// Replaces the check that was scheduled before.
    ///
    /// - Parameter check: receives the seconds by which it is late.
    mutating func schedule(
        in seconds: Double, on loop: any EventLoop, _ check: @escaping @Sendable (_ lateness: Double) -> Void
    ) {
        next?.cancel()
        let due = monotonicSeconds() + seconds
        // A little late, so that the time has passed when the check runs.
        let delay = TimeAmount.milliseconds(Int64(seconds * 1000) + 5)
        next = loop.scheduleTask(in: delay) { check(monotonicSeconds() - due) }
    }

    func cancel() { next?.cancel() }
}
