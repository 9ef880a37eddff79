// SPDX-License-Identifier: GPL-3.0-or-later

import Streaming
import Synchronization

/// The estimates of one stream on their way from its analysis (one thread) to the hub (another): a ring of records
/// of fixed size, in memory that was allocated before the first one.
final class EstimateRing: @unchecked Sendable {
    // Safe to share: a record is written by the producer only while it is outside [tail, head) and read by the
    // consumer only inside, and each of the two counters has one writer.

    /// One estimate; the pointers are valid during the call that hands it over.
    struct Record {
        /// Seconds of audio heard since the source was opened.
        var position: Double
        var state: EstimatorState
        /// An index into the model's labels.
        var label: Int?
        var confidence: Float
        /// dB below full scale.
        var level: Float
        var probabilities: UnsafeBufferPointer<Float>
        var window: UnsafeBufferPointer<Float>?
    }

    private struct Header {
        var position = 0.0
        var confidence: Float = 0
        var level: Float = 0
        var label: Int32 = -1
        var state = EstimatorState.starting
        var hasWindow = false
    }

    let capacity: Int
    private let labels: Int
    private let headers: UnsafeMutablePointer<Header>
    /// Per record the smoothed probabilities, then the window's.
    private let values: UnsafeMutablePointer<Float>
    /// Records written since the beginning.
    private let head = Atomic<Int>(0)
    /// Records read since the beginning.
    private let tail = Atomic<Int>(0)
    /// The producer left off because there was no room.
    private let producerWaits = Atomic<Bool>(false)

    init(capacity: Int, labels: Int) {
        self.capacity = capacity
        self.labels = labels
        headers = .allocate(capacity: capacity)
        headers.initialize(repeating: Header(), count: capacity)
        values = .allocate(capacity: capacity * 2 * labels)
        values.initialize(repeating: 0, count: capacity * 2 * labels)
    }

    deinit {
        headers.deallocate()
        values.deallocate()
    }

    // MARK: The producer

    /// Whether `count` more records fit. If not, the consumer is asked to say when there is room (`drain`).
    func hasRoom(for count: Int) -> Bool {
        if room >= count { return true }
        producerWaits.store(true, ordering: .sequentiallyConsistent)
        // The consumer may have drained between the look and the flag.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        return room >= count
    }

    private var room: Int { capacity - (head.load(ordering: .relaxed) - tail.load(ordering: .acquiring)) }

    /// Copies an estimate; the caller has made sure of the room.
    func append(_ record: Record) {
        let index = head.load(ordering: .relaxed)
        guard index - tail.load(ordering: .acquiring) < capacity else {
            assertionFailure("an estimate was appended without room")
            return
        }
        let slot = index % capacity
        headers[slot] = Header(
            position: record.position, confidence: record.confidence, level: record.level,
            label: Int32(record.label ?? -1), state: record.state, hasWindow: record.window != nil)
        let target = values + slot * 2 * labels
        if let smoothed = record.probabilities.baseAddress { target.update(from: smoothed, count: labels) }
        if let window = record.window?.baseAddress { (target + labels).update(from: window, count: labels) }
        head.store(index + 1, ordering: .releasing)
    }

    // MARK: The consumer

    /// Hands over all there is, oldest first. Returns whether the producer waits for the room that this made.
    func drain(_ body: (Record) -> Void) -> Bool {
        var index = tail.load(ordering: .relaxed)
        while index < head.load(ordering: .acquiring) {
            let slot = index % capacity
            let header = headers[slot]
            let smoothed = UnsafePointer(values + slot * 2 * labels)
            body(
                Record(
                    position: header.position, state: header.state,
                    label: header.label < 0 ? nil : Int(header.label), confidence: header.confidence,
                    level: header.level, probabilities: UnsafeBufferPointer(start: smoothed, count: labels),
                    window: header.hasWindow ? UnsafeBufferPointer(start: smoothed + labels, count: labels) : nil))
            index += 1
            tail.store(index, ordering: .releasing)
        }
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        return producerWaits.load(ordering: .relaxed)
            && producerWaits.exchange(false, ordering: .sequentiallyConsistent)
    }
}
