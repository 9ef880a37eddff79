// SPDX-License-Identifier: GPL-3.0-or-later

import Synchronization

/// A lock-free ring of samples between one producer (a capture thread) and one consumer (its analysis).
///
/// `write` never waits: when the ring is full it drops the oldest samples and counts them, since a device cannot be
/// told to wait. `tryWrite` takes what there is room for, since a pipe can.
///
/// The producer may discard what the consumer has not yet taken, so both move `tail`. The consumer announces the
/// range that it is copying in `claim`; sequential consistency makes sure that either the producer sees the claim
/// and leaves the range alone, or the consumer sees the moved tail and starts again (Dekker's argument). In that
/// brief moment the new samples are dropped instead of the oldest.
package final class SampleRing: @unchecked Sendable {
    // Safe to share: `storage` is written by the producer only in [head, head + n) and read by the consumer only in
    // its claim, and the protocol above keeps the two apart.
    private let storage: UnsafeMutablePointer<Float>
    private let mask: Int
    /// Samples written since the beginning.
    private let head = Atomic<Int>(0)
    /// Samples read or dropped since the beginning.
    private let tail = Atomic<Int>(0)
    /// The first sample that the consumer is copying, or `none`.
    private let claim = Atomic<Int>(SampleRing.none)
    private let droppedCount = Atomic<Int>(0)
    private static let none = -1

    /// A ring of at least `minimumCapacity` samples; the capacity is a power of two.
    package init(minimumCapacity: Int) {
        var capacity = 64
        while capacity < minimumCapacity { capacity *= 2 }
        mask = capacity - 1
        storage = .allocate(capacity: capacity)
        storage.initialize(repeating: 0, count: capacity)
    }

    deinit { storage.deallocate() }

    package var capacity: Int { mask + 1 }

    /// Samples waiting to be read; exact for the consumer, a lower bound of what it will find.
    package var count: Int { max(0, head.load(ordering: .acquiring) - tail.load(ordering: .acquiring)) }

    /// Samples dropped since the beginning.
    package var dropped: Int { droppedCount.load(ordering: .relaxed) }

    // MARK: The producer

    /// Appends all of `samples`, dropping the oldest that are in the way. Returns how many were dropped.
    @discardableResult
    package func write(_ samples: UnsafeBufferPointer<Float>) -> Int {
        var samples = samples
        var lost = 0
        if samples.count > capacity {
            // More than the ring holds: only the last of it can stay.
            lost = samples.count - capacity
            samples = UnsafeBufferPointer(rebasing: samples[lost...])
        }
        let start = head.load(ordering: .relaxed)
        let needed = start + samples.count - capacity
        var oldest = tail.load(ordering: .sequentiallyConsistent)
        while oldest < needed {
            let (moved, now) = tail.compareExchange(
                expected: oldest, desired: needed, ordering: .sequentiallyConsistent)
            if moved {
                lost += needed - oldest
                break
            }
            oldest = now
        }
        let claimed = claim.load(ordering: .sequentiallyConsistent)
        if claimed != Self.none && claimed < needed {
            // The consumer is copying what is in the way; the new samples go instead.
            lost += samples.count
        } else {
            store(samples, at: start)
        }
        if lost > 0 { droppedCount.add(lost, ordering: .relaxed) }
        return lost
    }

    /// Appends as many of `samples` as there is room for and returns how many.
    package func tryWrite(_ samples: UnsafeBufferPointer<Float>) -> Int {
        let start = head.load(ordering: .relaxed)
        let room = capacity - (start - tail.load(ordering: .acquiring))
        let taken = min(room, samples.count)
        if taken > 0 { store(UnsafeBufferPointer(rebasing: samples[..<taken]), at: start) }
        return taken
    }

    private func store(_ samples: UnsafeBufferPointer<Float>, at start: Int) {
        guard let source = samples.baseAddress else { return }
        let offset = start & mask
        let first = min(samples.count, capacity - offset)
        (storage + offset).update(from: source, count: first)
        storage.update(from: source + first, count: samples.count - first)
        head.store(start + samples.count, ordering: .sequentiallyConsistent)
    }

    // MARK: The consumer

    /// Moves up to `target.count` of the oldest samples into `target` and returns how many.
    package func read(into target: UnsafeMutableBufferPointer<Float>) -> Int {
        guard let destination = target.baseAddress else { return 0 }
        while true {
            let start = tail.load(ordering: .sequentiallyConsistent)
            let available = min(head.load(ordering: .acquiring) - start, target.count)
            guard available > 0 else { return 0 }
            claim.store(start, ordering: .sequentiallyConsistent)
            guard tail.load(ordering: .sequentiallyConsistent) == start else {
                claim.store(Self.none, ordering: .sequentiallyConsistent)
                continue
            }
            let offset = start & mask
            let first = min(available, capacity - offset)
            destination.update(from: storage + offset, count: first)
            (destination + first).update(from: storage, count: available - first)
            // The producer may have dropped some or all of what was just copied; what it counted as dropped is not
            // delivered as well.
            let (_, now) = tail.compareExchange(
                expected: start, desired: start + available, ordering: .sequentiallyConsistent)
            claim.store(Self.none, ordering: .sequentiallyConsistent)
            if now == start { return available }
        }
    }
}
