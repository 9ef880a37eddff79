// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol

/// When something began: a time of day that stays true when the clock is set, as it is on a machine that wakes up in
/// 1970.
struct Moment {
    /// By the clock as it was at the last `follow`.
    private(set) var time: Timestamp
    /// By the clock that never jumps, in seconds.
    private let monotonic: Double

    /// Seconds by which the clock may wander off before it counts as set.
    private static let tolerance = 1.0

    /// - Parameter now: the time of day now.
    init(_ now: Timestamp = .now) {
        time = now
        monotonic = monotonicSeconds()
    }

    /// Since then, in seconds that really passed.
    var elapsed: Double { monotonicSeconds() - monotonic }

    /// Goes along where the clock was set meanwhile.
    mutating func follow(_ now: Timestamp) {
        let expected = now.adding(seconds: -elapsed)
        if abs(expected.seconds(since: time)) > Self.tolerance { time = expected }
    }
}
