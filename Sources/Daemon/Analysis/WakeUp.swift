// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc
import Synchronization

/// What one thread sleeps on until another one has something for it.
///
/// Raised any number of times before the sleeper looks, it wakes it once. Raising never blocks, and neither side
/// allocates or takes a lock: a semaphore, under a flag that keeps its count at 0 or 1.
final class WakeUp: @unchecked Sendable {
    // Safe to share: a sem_t is made to be, and its memory is freed by deinit alone.
    private let semaphore: UnsafeMutablePointer<sem_t>
    private let isRaised = Atomic<Bool>(false)

    init() {
        semaphore = .allocate(capacity: 1)
        // Fails only for a value over SEM_VALUE_MAX.
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func raise() {
        guard !isRaised.exchange(true, ordering: .acquiringAndReleasing) else { return }
        sem_post(semaphore)
    }

    /// Sleeps until raised. Whatever was written before a `raise` is visible when this returns.
    func wait() {
        while sem_wait(semaphore) != 0 && errno == EINTR {}
        _ = isRaised.exchange(false, ordering: .acquiringAndReleasing)
    }
}
