// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// Nanoseconds of a clock that never jumps. Its zero point is arbitrary.
package func monotonicNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// Seconds of the same clock.
package func monotonicSeconds() -> Double { Double(monotonicNanoseconds()) * 1e-9 }

/// Seconds of a clock that never jumps and, unlike `monotonicSeconds`, also runs while the machine sleeps.
package func secondsSinceBoot() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
