// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Synchronization

/// Figures about one source's capture and analysis. Capture thread and worker write them, worker and hub read them.
final class SourceHealth: Sendable {
    private let overrunCount = Atomic<Int>(0)
    private let droppedCount = Atomic<Int>(0)
    private let droppedNanoseconds = Atomic<Int>(0)
    private let takenCount = Atomic<Int>(0)
    /// When the last delivery was over, in monotonic nanoseconds: in the future while more was delivered at once than has
    /// been played since.
    private let deliveryEnd = Atomic<Int64>(monotonicNanoseconds())
    private let isWaiting = Atomic<Bool>(false)

    /// Number of times that the device itself lost audio.
    var overruns: Int { overrunCount.load(ordering: .relaxed) }

    /// Samples dropped because they were not analysed in time.
    var dropped: Int { droppedCount.load(ordering: .relaxed) }

    /// The same in seconds.
    var droppedSeconds: Double { Double(droppedNanoseconds.load(ordering: .relaxed)) * 1e-9 }

    /// Number of times that the worker took samples or a message.
    var taken: Int { takenCount.load(ordering: .relaxed) }

    /// Seconds since the source delivered last (or began); 0 while it waits for room, which is not its fault. Negative
    /// while a listener would still hear what was delivered.
    ///
    /// - Parameter now: monotonic seconds.
    func secondsSinceDelivery(now: Double = monotonicSeconds()) -> Double {
        if isWaiting.load(ordering: .acquiring) { return 0 }
        return now - Double(deliveryEnd.load(ordering: .acquiring)) * 1e-9
    }

    func noteOverrun() { overrunCount.add(1, ordering: .relaxed) }

    /// - Parameter sampleRate: that of the stream that is open now.
    func noteDropped(_ count: Int, sampleRate: Int) {
        guard count > 0 else { return }
        droppedCount.add(count, ordering: .relaxed)
        droppedNanoseconds.add(count * 1_000_000_000 / sampleRate, ordering: .relaxed)
    }

    func noteTaken() { takenCount.add(1, ordering: .relaxed) }

    func noteDelivery() { deliveryEnd.store(monotonicNanoseconds(), ordering: .releasing) }

    /// Notes the delivery of audio by a source that may be ahead of real time: it counts as heard only after what came
    /// before it.
    func noteDelivery(lasting nanoseconds: Int64) {
        let begin = max(monotonicNanoseconds(), deliveryEnd.load(ordering: .relaxed))
        deliveryEnd.store(begin &+ nanoseconds, ordering: .releasing)
    }

    /// Notes that the source waits for the analysis or the hub to make room, or no longer does.
    func noteWaiting(_ waits: Bool) {
        guard isWaiting.load(ordering: .relaxed) != waits else { return }
        if !waits { noteDelivery(lasting: 0) }
        isWaiting.store(waits, ordering: .releasing)
    }
}
