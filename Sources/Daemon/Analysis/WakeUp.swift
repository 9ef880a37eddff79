// SPDX-License-Identifier: GPL-3.0-or-later

import Dispatch
import Synchronization

/// A wake-up call for one thread. Raised more than once before the sleeper looks, it wakes the sleeper once.
///
/// Why this hand-over: the thread of a file must sleep while its ring is full. Raising never blocks, and neither side
/// allocates or locks: it is a semaphore, with a flag that keeps its count at 0 or 1.
final class WakeUp: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let isRaised = Atomic<Bool>(false)

    func raise() {
        guard !isRaised.exchange(true, ordering: .acquiringAndReleasing) else { return }
        semaphore.signal()
    }

    /// Sleeps until raised. Writes from before the `raise` are visible when this returns.
    func wait() {
        semaphore.wait()
        _ = isRaised.exchange(false, ordering: .acquiringAndReleasing)
    }
}
