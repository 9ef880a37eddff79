// SPDX-License-Identifier: GPL-3.0-or-later

import Dispatch
import Synchronization

/// Lets one thread in at a time until it is closed for good; `close` waits for the thread that is inside.
///
/// This is how `stop` guarantees that nothing reaches a sink any more, without a lock on the audio path: entering and
/// leaving are one atomic operation each. It is safe because every change of `state` is a read-modify-write: either
/// `close` sees the bit `inside` and waits for the `left` that the leaving thread then signals, or the thread sees the
/// bit `closed` and stays outside.
final class StopGate: Sendable {
    private static let inside: UInt8 = 1
    private static let closed: UInt8 = 2

    private let state = Atomic<UInt8>(0)
    private let left = DispatchSemaphore(value: 0)

    var isClosed: Bool { state.load(ordering: .acquiring) & Self.closed != 0 }

    /// Runs `body` inside, or returns nil if the gate is closed. The callers take care that only one thread enters.
    func enter<Result>(_ body: () -> Result) -> Result? {
        guard state.compareExchange(expected: 0, desired: Self.inside, ordering: .acquiring).exchanged else {
            return nil
        }
        defer {
            let before = state.bitwiseAnd(~Self.inside, ordering: .acquiringAndReleasing).oldValue
            if before & Self.closed != 0 { left.signal() }
        }
        return body()
    }

    /// Returns when no thread is inside; none enters from then on. Call it once, and not from inside.
    func close() {
        let before = state.bitwiseOr(Self.closed, ordering: .acquiringAndReleasing).oldValue
        if before & Self.inside != 0 { left.wait() }
    }
}
