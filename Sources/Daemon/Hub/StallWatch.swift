// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import NIOCore

/// Knows when each open device is next checked for a stall, and has one timer for all of them. The checks lie on a grid, so
/// that those of many sources share a wake-up.
struct StallWatch {
    /// Seconds from one grid point to the next.
    private let grid: Double
    /// When each slot's check is due, in monotonic seconds; infinite without a check. It never shrinks.
    private var due: [Double] = []
    private var timer: (moment: Double, task: Scheduled<Void>)?
    private let check: @Sendable () -> Void
    private let loop: any EventLoop

    /// - Parameter check: called on the loop when a check is due.
    init(grid: Double, on loop: any EventLoop, check: @escaping @Sendable () -> Void) {
        (self.grid, self.loop, self.check) = (grid, loop, check)
    }

    /// Replaces a slot's check by one on the next grid point that is `seconds` away or more.
    mutating func watch(_ slot: Int, in seconds: Double) {
        if slot >= due.count { due += [Double](repeating: .infinity, count: slot + 1 - due.count) }
        due[slot] = ((monotonicSeconds() + max(0, seconds)) / grid).rounded(.up) * grid
        wake(at: due[slot])
    }

    mutating func forget(_ slot: Int) {
        if slot < due.count { due[slot] = .infinity }
    }

    /// Takes the checks that are due, each with the seconds by which it is late, and sets the timer for the next.
    mutating func take() -> [(slot: Int, lateness: Double)] {
        let now = monotonicSeconds()
        let taken = due.indices.filter { due[$0] <= now }.map { ($0, now - due[$0]) }
        for (slot, _) in taken { due[slot] = .infinity }
        timer?.task.cancel()
        timer = nil
        if let next = due.min(), next.isFinite { wake(at: next) }
        return taken
    }

    /// Keeps the present timer if it is early enough.
    private mutating func wake(at moment: Double) {
        if let timer {
            if timer.moment <= moment { return }
            timer.task.cancel()
        }
        // A little late, so that the time has passed when the check runs.
        let delay = TimeAmount.nanoseconds(Int64((moment - monotonicSeconds()) * 1e9)) + .milliseconds(5)
        timer = (moment, loop.scheduleTask(in: delay, check))
    }
}
