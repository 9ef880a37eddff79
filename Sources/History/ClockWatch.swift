// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// Decides whether the wall clock can be trusted with the age of changes.
///
/// A clock that is a day (or, before the network is up, half a century) ahead makes the whole history too old. So a
/// change is removed for its age only when the clock has run for an hour without a jump, and only two days late.
struct ClockWatch {
    /// Seconds without a jump after which the clock is trusted.
    static let calm = 3600.0
    /// Seconds that a change is kept beyond its time.
    static let grace = 2 * 86_400.0
    /// Seconds by which the clocks may drift apart between two checks.
    static let tolerance = 30.0

    private var last: (wall: Timestamp, steady: Double)?
    private var calmSince = 0.0

    /// Compares the clocks. Call it often.
    ///
    /// - Parameter steady: seconds of a clock that is never set and that runs while the machine sleeps.
    mutating func check(wall: Timestamp, steady: Double) {
        defer { last = (wall, steady) }
        guard let last else {
            calmSince = steady
            return
        }
        if abs(wall.seconds(since: last.wall) - (steady - last.steady)) > Self.tolerance { calmSince = steady }
    }

    /// The time before which changes that are kept for `keep` seconds may be removed; nil while none may be.
    func horizon(keep: Double) -> Timestamp? {
        guard let last, last.steady - calmSince >= Self.calm else { return nil }
        return last.wall.adding(seconds: -keep - Self.grace)
    }
}
