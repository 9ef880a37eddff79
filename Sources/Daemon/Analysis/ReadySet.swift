// SPDX-License-Identifier: GPL-3.0-or-later

import Synchronization

/// A set of slots that any thread adds to and one thread empties: which sources have something to do.
///
/// A bit a slot, so that nothing is allocated and a source that is ready twice is in it once.
final class ReadySet: @unchecked Sendable {
    // Safe to share: the words are atomic, and their memory is freed by deinit alone.
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    private let count: Int

    /// - Parameter slots: how many there are; slots count from 0.
    init(slots: Int) {
        count = (slots + 63) / 64
        words = .allocate(capacity: count)
        for index in 0..<count { (words + index).initialize(to: Atomic(0)) }
    }

    deinit {
        words.deinitialize(count: count)
        words.deallocate()
    }

    /// Returns whether the slot was not in the set yet. What was written before is visible to who takes it out.
    @discardableResult
    func insert(_ slot: Int) -> Bool {
        let bit: UInt64 = 1 << UInt64(slot % 64)
        return words[slot / 64].bitwiseOr(bit, ordering: .acquiringAndReleasing).oldValue & bit == 0
    }

    func remove(_ slot: Int) {
        let bit: UInt64 = 1 << UInt64(slot % 64)
        _ = words[slot / 64].bitwiseAnd(~bit, ordering: .acquiringAndReleasing)
    }

    /// Takes out every slot, in order, and returns whether there was any.
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
