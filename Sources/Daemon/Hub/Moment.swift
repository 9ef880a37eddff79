// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// When something began: a time of day that stays right when the clock is set, as it is on a machine that wakes up in
/// 1970.
struct Moment {
    /// The time of day, by the clock as it was at the last `follow`.
    private(set) var time: Timestamp
    /// The same in monotonic seconds.
    private let monotonic: Double

    /// Seconds by which the clock may drift before it counts as set.
    private static let tolerance = 1.0

    /// - Parameter now: the time of day now.
    init(_ now: Timestamp = .now) {
        time = now
        monotonic = monotonicSeconds()
    }

    /// Seconds that have really passed since then.
    var elapsed: Double { monotonicSeconds() - monotonic }

    /// Corrects the time of day if the clock has been set.
    mutating func follow(_ now: Timestamp) {
        let expected = now.adding(seconds: -elapsed)
        if abs(expected.seconds(since: time)) > Self.tolerance { time = expected }
    }
}
