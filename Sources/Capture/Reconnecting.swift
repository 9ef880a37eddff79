// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// How long to wait before the next attempt: 0.25 s, doubling to 5 s.
struct Backoff: Sendable {
    static let first = 0.25
    static let last = 5.0

    private var delay = Self.first

    /// The delay before the next attempt, in seconds.
    mutating func next() -> Double {
        defer { delay = min(2 * delay, Self.last) }
        return delay
    }

    mutating func reset() {
        delay = Self.first
    }
}

/// Opens something again and again, for ever, until stopped.
///
/// - Parameter session: opens it, captures from it, and throws when it cannot be opened or is lost. When it
///   returns, that is the end.
func reconnecting(_ gate: SinkGate, _ signal: StopSignal, _ session: () throws(CaptureError) -> Void) {
    var backoff = Backoff()
    while !signal.isRaised {
        do throws(CaptureError) {
            try session()
            return
        } catch {
            if signal.isRaised { return }
            gate.handle(.lost(error))
        }
        // Audio that arrived, not an open that succeeded, ends the row of failures: some devices open and say nothing.
        if gate.takeHasDelivered() { backoff.reset() }
        guard signal.wait(backoff.next()) else { return }
    }
}
