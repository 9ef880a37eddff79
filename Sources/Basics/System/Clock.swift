// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// Nanoseconds of a clock that never jumps; its zero means nothing.
package func monotonicNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// Seconds of the same clock.
package func monotonicSeconds() -> Double { Double(monotonicNanoseconds()) * 1e-9 }
