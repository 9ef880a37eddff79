// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Synchronization

/// Lock-free ring of samples between one producer (a capture thread) and one consumer (the analysis).
///
/// `write` never waits, because a device cannot wait: if the ring is full it drops the oldest samples and counts them.
/// `tryWrite` writes only as many samples as fit, for a producer that can wait, such as the reader of a file.
///
/// The producer may discard samples that the consumer has not read, so both move `tail`. The consumer announces the
/// range that it is copying in `claim`. Sequential consistency ensures that either the producer sees the claim and
/// leaves the range alone, or the consumer sees the moved tail and starts again (Dekker's argument). In that brief
/// moment the new samples are dropped instead of the oldest.
package final class SampleRing: @unchecked Sendable {
    // Safe to share: the producer writes `storage` only in [head, head + n), the consumer reads it only in its claim,
    // and the protocol above keeps the two apart.
    private let storage: OwnedBuffer<Float>
    private let mask: Int
    /// Samples written since the ring was made.
    private let head = Atomic<Int>(0)
    /// Samples read or dropped since the ring was made.
    private let tail = Atomic<Int>(0)
    /// Index of the first sample that the consumer is copying, or `none`.
    private let claim = Atomic<Int>(SampleRing.none)
    private let droppedCount = Atomic<Int>(0)
    private static let none = -1

    /// Makes a ring of at least `minimumCapacity` samples. The capacity is a power of two.
    package init(minimumCapacity: Int) {
        var capacity = 64
        while capacity < minimumCapacity { capacity *= 2 }
        mask = capacity - 1
        storage = OwnedBuffer(repeating: 0, count: capacity)
    }

    package var capacity: Int { mask + 1 }

    /// Samples that wait to be read. For the consumer this is a lower bound of what `read` will find.
    package var count: Int { max(0, head.load(ordering: .acquiring) - tail.load(ordering: .acquiring)) }

    /// Samples dropped since the ring was made.
    package var dropped: Int { droppedCount.load(ordering: .relaxed) }

    // MARK: The producer

    /// Writes all of `samples` and drops the oldest samples that are in the way.
    ///
    /// - Returns: the number of samples dropped.
    @discardableResult
    package func write(_ samples: Span<Float>) -> Int {
        var samples = samples
        var lost = 0
        if samples.count > capacity {
            // More than the ring holds: only the end can stay.
            lost = samples.count - capacity
            samples = samples.extracting(last: capacity)
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
            // The consumer is copying the samples that are in the way, so the new ones are dropped instead.
            lost += samples.count
        } else {
            store(samples, at: start)
        }
        if lost > 0 { droppedCount.add(lost, ordering: .relaxed) }
        return lost
    }

    /// Writes as many of `samples` as fit, from the first on.
    ///
    /// - Returns: the number of samples written.
    package func tryWrite(_ samples: Span<Float>) -> Int {
        let start = head.load(ordering: .relaxed)
        let room = capacity - (start - tail.load(ordering: .acquiring))
        let taken = min(room, samples.count)
        if taken > 0 { store(samples.extracting(first: taken), at: start) }
        return taken
    }

    private func store(_ samples: Span<Float>, at start: Int) {
        let offset = start & mask
        samples.withUnsafeBufferPointer { samples in
            guard let source = samples.baseAddress else { return }
            let first = min(samples.count, capacity - offset)
            (storage.pointer + offset).update(from: source, count: first)
            storage.pointer.update(from: source + first, count: samples.count - first)
        }
        head.store(start + samples.count, ordering: .sequentiallyConsistent)
    }

    // MARK: The consumer

    /// Moves up to `target.count` of the oldest samples into `target`.
    ///
    /// - Returns: the number of samples moved.
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
            destination.update(from: storage.pointer + offset, count: first)
            (destination + first).update(from: storage.pointer, count: available - first)
            // The producer may have dropped some or all of these samples. What it counted as dropped is not returned.
            let (_, now) = tail.compareExchange(
                expected: start, desired: start + available, ordering: .sequentiallyConsistent)
            claim.store(Self.none, ordering: .sequentiallyConsistent)
            if now == start { return available }
        }
    }
}
