// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Streaming
import Synchronization

/// A ring of one stream's estimates between its worker and the hub, in records of fixed size.
///
/// Why this hand-over: an event loop's queue allocates and locks; this does neither, and tells the worker to wait while the
/// hub is behind.
final class EstimateRing: @unchecked Sendable {
    // Safe to share: the producer writes a record only outside [tail, head), the consumer reads it only inside, and each of
    // the two counters has one writer.

    /// One estimate; the pointers are valid during the call that passes it.
    struct Record {
        /// Seconds of audio heard since the source was opened.
        var position: Double
        var state: EstimatorState
        /// An index into the model's labels.
        var label: Int?
        var confidence: Float
        /// dB relative to full scale.
        var level: Float
        var probabilities: UnsafeBufferPointer<Float>
        /// Nil before the first window.
        var windowProbabilities: UnsafeBufferPointer<Float>?
    }

    private struct Header: BitwiseCopyable {
        var position = 0.0
        var confidence: Float = 0
        var level: Float = 0
        var label: Int32 = -1
        var state = EstimatorState.starting
        var hasWindow = false
    }

    let capacity: Int
    private let labels: Int
    private let headers: OwnedBuffer<Header>
    /// Per record the posterior's probabilities, then the window's.
    private let values: OwnedBuffer<Float>
    /// Records written so far.
    private let head = Atomic<Int>(0)
    /// Records read so far.
    private let tail = Atomic<Int>(0)
    /// The producer has stopped because there was no room.
    private let producerWaits = Atomic<Bool>(false)
    /// The consumer waits for the next record, whatever it says.
    private let isRequested = Atomic<Bool>(false)

    init(capacity: Int, labels: Int) {
        self.capacity = capacity
        self.labels = labels
        headers = OwnedBuffer(repeating: Header(), count: capacity)
        values = OwnedBuffer(repeating: 0, count: capacity * 2 * labels)
    }

    // MARK: The producer

    /// Whether `count` more records fit. If not, the consumer's next `drain` reports that the producer waits.
    func hasRoom(for count: Int) -> Bool {
        if room >= count { return true }
        producerWaits.store(true, ordering: .sequentiallyConsistent)
        // The consumer may have drained the ring between the look and the flag.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        return room >= count
    }

    private var room: Int { capacity - (head.load(ordering: .relaxed) - tail.load(ordering: .acquiring)) }

    /// Whether at most a third of it is free: enough for one more turn, as `StreamAnalysis` makes it.
    var isNearlyFull: Bool { 3 * room <= capacity }

    /// Whether the consumer has asked for the next record since the last call.
    func takeRequest() -> Bool {
        isRequested.load(ordering: .relaxed) && isRequested.exchange(false, ordering: .acquiringAndReleasing)
    }

    /// Copies an estimate; the caller has checked that there is room.
    func append(_ record: Record) {
        let index = head.load(ordering: .relaxed)
        guard index - tail.load(ordering: .acquiring) < capacity else {
            assertionFailure("an estimate was appended without room")
            return
        }
        let slot = index % capacity
        headers[slot] = Header(
            position: record.position, confidence: record.confidence, level: record.level,
            label: Int32(record.label ?? -1), state: record.state, hasWindow: record.windowProbabilities != nil)
        let target = values.pointer + slot * 2 * labels
        if let smoothed = record.probabilities.baseAddress { target.update(from: smoothed, count: labels) }
        if let window = record.windowProbabilities?.baseAddress {
            (target + labels).update(from: window, count: labels)
        }
        head.store(index + 1, ordering: .releasing)
    }

    // MARK: The consumer

    /// Asks for the next record, whatever it says.
    func requestNext() { isRequested.store(true, ordering: .releasing) }

    /// Passes all records to `body`, oldest first. Returns whether the producer waits for the room that this made.
    func drain(_ body: (Record) -> Void) -> Bool {
        var index = tail.load(ordering: .relaxed)
        while index < head.load(ordering: .acquiring) {
            let slot = index % capacity
            let header = headers[slot]
            let smoothed = UnsafePointer(values.pointer + slot * 2 * labels)
            body(
                Record(
                    position: header.position, state: header.state,
                    label: header.label < 0 ? nil : Int(header.label), confidence: header.confidence,
                    level: header.level, probabilities: UnsafeBufferPointer(start: smoothed, count: labels),
                    windowProbabilities: header.hasWindow
                        ? UnsafeBufferPointer(start: smoothed + labels, count: labels) : nil))
            index += 1
            tail.store(index, ordering: .releasing)
        }
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        return producerWaits.load(ordering: .relaxed)
            && producerWaits.exchange(false, ordering: .sequentiallyConsistent)
    }
}
