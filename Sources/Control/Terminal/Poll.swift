// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// Waits for several descriptors at once.
enum Poll {
    /// Waits until a descriptor is readable or the deadline passes, and returns which descriptors are readable. Negative
    /// descriptors are ignored.
    static func readable(_ descriptors: [Int32], until deadline: ContinuousClock.Instant) -> [Bool] {
        var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let left = (ContinuousClock.now.duration(to: deadline) / .milliseconds(1)).rounded(.up)
        let count = poll(&entries, nfds_t(entries.count), Int32(min(max(left, 0), 60_000)))
        return entries.map { count > 0 && $0.revents != 0 }
    }
}
