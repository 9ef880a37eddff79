// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Rate limit for log lines about one thing: some at once, and one a second on average. A FIFO whose writers come and
/// go a thousand times a second must not fill the disk.
struct LineBudget {
    static let most = 60.0
    private static let perSecond = 1.0

    private var left = Self.most
    private var last: Double
    private var leftOut = 0

    /// - Parameter now: monotonic seconds.
    init(at now: Double = monotonicSeconds()) { last = now }

    /// Asks to log a line now. Returns how many lines were left out before it, or nil if it has to be left out, too.
    mutating func take(at now: Double = monotonicSeconds()) -> Int? {
        left = min(Self.most, left + (now - last) * Self.perSecond)
        last = now
        guard left >= 1 else {
            leftOut += 1
            return nil
        }
        left -= 1
        defer { leftOut = 0 }
        return leftOut
    }
}
