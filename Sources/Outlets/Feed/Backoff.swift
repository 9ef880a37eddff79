// SPDX-License-Identifier: GPL-3.0-or-later

/// How long to wait before something is tried again: twice as long each time, and a fifth more or less, so that many
/// programs that lost the same server do not come back at the same moment.
struct Backoff {
    /// Seconds.
    let least: Double
    let most: Double
    private var wait: Double

    init(least: Double, most: Double) {
        self.least = least
        self.most = most
        wait = least
    }

    /// Seconds until the next attempt.
    mutating func next() -> Double {
        defer { wait = min(2 * wait, most) }
        return wait * Double.random(in: 0.8...1.2)
    }

    /// The last attempt succeeded.
    mutating func reset() { wait = least }
}
