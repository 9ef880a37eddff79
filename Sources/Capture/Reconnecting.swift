// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The pauses between attempts: 0.25 s, doubling to 5 s.
struct Backoff: Sendable {
    static let first = 0.25
    static let last = 5.0

    private var delay = Self.first

    /// Seconds before the next attempt.
    mutating func next() -> Double {
        defer { delay = min(2 * delay, Self.last) }
        return delay
    }

    mutating func reset() {
        delay = Self.first
    }
}

/// Opens something again and again until it succeeds or the source is stopped.
///
/// - Parameter session: opens it, captures from it, and throws when it cannot be opened or is lost. When it returns,
///   capturing is over.
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
        // Only audio ends a row of failures, not an open that succeeded: some devices open and deliver nothing.
        if gate.takeHasProcessed() { backoff.reset() }
        guard signal.wait(backoff.next()) else { return }
    }
}
