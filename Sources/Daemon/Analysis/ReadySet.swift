// SPDX-License-Identifier: GPL-3.0-or-later

import Synchronization

/// The set of slots whose sources have something to do: any thread inserts, one thread empties it.
///
/// Why this hand-over: a thread that wakes finds its work without asking every source. One bit per slot, so that nothing is
/// allocated and a source that is ready twice is in the set once.
final class ReadySet: @unchecked Sendable {
    // Safe to share: the words are atomic, and only deinit frees their memory.
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    private let count: Int

    /// - Parameter slots: the number of slots, which count from 0.
    init(slots: Int) {
        count = (slots + 63) / 64
        words = .allocate(capacity: count)
        for index in 0..<count { (words + index).initialize(to: Atomic(0)) }
    }

    deinit {
        words.deinitialize(count: count)
        words.deallocate()
    }

    /// Returns whether the slot was not in the set yet. Earlier writes are visible to the thread that takes it out.
    @discardableResult
    func insert(_ slot: Int) -> Bool {
        let bit: UInt64 = 1 << UInt64(slot % 64)
        return words[slot / 64].bitwiseOr(bit, ordering: .acquiringAndReleasing).oldValue & bit == 0
    }

    func remove(_ slot: Int) {
        let bit: UInt64 = 1 << UInt64(slot % 64)
        _ = words[slot / 64].bitwiseAnd(~bit, ordering: .acquiringAndReleasing)
    }

    /// Takes out every slot, in order. Returns whether there were any.
    @discardableResult
    func takeAll(_ body: (Int) -> Void) -> Bool {
        var any = false
        for index in 0..<count where words[index].load(ordering: .relaxed) != 0 {
            var bits = words[index].exchange(0, ordering: .acquiringAndReleasing)
            while bits != 0 {
                any = true
                body(index * 64 + bits.trailingZeroBitCount)
                bits &= bits - 1
            }
        }
        return any
    }
}
