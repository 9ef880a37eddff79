// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

extension Backoff {
    /// The pauses between attempts to open a source: 0.25 s, doubling to 5 s.
    init() { self.init(least: 0.25, most: 5) }
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
