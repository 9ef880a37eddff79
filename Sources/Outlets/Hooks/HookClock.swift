// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// The rules' clock: seconds since 1970 at the start of the program, and from then on a clock that never jumps. So a
/// system clock that is set neither fires a rule nor holds one back.
struct HookClock: Sendable {
    private let offset = Self.wall - monotonicSeconds()

    var now: Double { offset + monotonicSeconds() }

    /// What to add to a time of this clock for the system's.
    var wallOffset: Double { Self.wall - now }

    /// A time of the daemon by this clock; now if it cannot be read, or lies in the future.
    func time(_ text: String) -> Double {
        let now = now
        guard let time = Timestamp(rfc3339: text) else { return now }
        return min(now, now - (Self.wall - Double(time.milliseconds) / 1000))
    }

    private static var wall: Double { Double(Timestamp.now.milliseconds) / 1000 }
}
