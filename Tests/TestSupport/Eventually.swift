// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// Waits until a condition holds. Returns false if the time is up or the test is cancelled before that.
///
/// The time only has to be enough on a busy machine. A test of how soon something happens must measure that itself.
package func eventually(
    within seconds: Double = 60, _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        do { try await Task.sleep(for: .milliseconds(5)) } catch { break }
    }
    return try await condition()
}

/// As `eventually`, for a thread that may block.
package func blockUntil(within seconds: Double = 60, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if try condition() { return true }
        usleep(5000)
    }
    return try condition()
}
