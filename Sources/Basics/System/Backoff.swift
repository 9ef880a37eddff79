// SPDX-License-Identifier: GPL-3.0-or-later

/// How long to wait before something is tried again: twice as long each time, up to a limit.
package struct Backoff: Sendable {
    private let least: Double
    private let most: Double
    private let spread: Double
    private var wait: Double

    /// - Parameters:
    ///   - least: seconds before the first attempt.
    ///   - most: seconds before an attempt at most.
    ///   - spread: the share by which each wait is longer or shorter at random, so that many programs that lost the same
    ///     server do not come back at the same moment.
    package init(least: Double, most: Double, spread: Double = 0) {
        self.least = least
        self.most = most
        self.spread = spread
        wait = least
    }

    /// Seconds until the next attempt.
    package mutating func next() -> Double {
        defer { wait = min(2 * wait, most) }
        return wait * Double.random(in: 1 - spread...1 + spread)
    }

    /// The last attempt succeeded.
    package mutating func reset() { wait = least }
}
