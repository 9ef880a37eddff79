// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Streaming
import Synchronization
import Testing

@testable import genred

@Suite(.timeLimit(.minutes(1)))
struct WakeUpTests {
    @Test func `raised before or after, the sleeper wakes`() async {
        let there = WakeUp()
        let back = WakeUp()
        let rounds = 20_000
        let thread = Thread {
            for _ in 0..<rounds {
                there.wait()
                back.raise()
            }
        }
        thread.start()
        for _ in 0..<rounds {
            there.raise()
            back.wait()
        }
    }

    @Test func `raised often, it wakes once`() {
        let event = WakeUp()
        for _ in 0..<1000 { event.raise() }
        event.wait()
        let done = DispatchSemaphore(value: 0)
        let flag = Flag()
        Thread {
            event.wait()
            flag.raise()
            done.signal()
        }.start()
        usleep(20_000)
        #expect(!flag.isRaised)
        event.raise()
        done.wait()
        #expect(flag.isRaised)
    }
}

struct ReadySetTests {
    @Test func `returns each slot once, in order`() {
        let set = ReadySet(slots: 200)
        for slot in [199, 0, 63, 64, 0, 130] { set.insert(slot) }
        set.remove(130)
        var taken: [Int] = []
        #expect(set.takeAll { taken.append($0) })
        #expect(taken == [0, 63, 64, 199])
        #expect(!set.takeAll { _ in Issue.record("it is empty") })
    }

    @Test func `reports whether a slot is new in it`() {
        let set = ReadySet(slots: 10)
        #expect(set.insert(3))
        #expect(!set.insert(3))
        set.takeAll { _ in }
        #expect(set.insert(3))
    }
}

struct EstimateRingTests {
    private func append(_ ring: EstimateRing, _ index: Int) {
        let values = (0..<3).map { Float(index * 3 + $0) }
        values.withUnsafeBufferPointer { values in
            ring.append(
                EstimateRing.Record(
                    position: Double(index), state: index % 2 == 0 ? .genre : .unsure, label: index % 2 == 0 ? 1 : nil,
                    confidence: Float(index), level: -Float(index), probabilities: values,
                    windowProbabilities: index % 3 == 0 ? nil : values))
        }
    }

    @Test func `returns the records in order`() {
        let ring = EstimateRing(capacity: 8, labels: 3)
        for index in 0..<100 {
            #expect(ring.hasRoom(for: 8))
            append(ring, index)
            var seen = 0
            _ = ring.drain { record in
                seen += 1
                #expect(record.position == Double(index))
                #expect(record.state == (index % 2 == 0 ? .genre : .unsure))
                #expect(record.label == (index % 2 == 0 ? 1 : nil))
                #expect(Array(record.probabilities) == (0..<3).map { Float(index * 3 + $0) })
                #expect((record.windowProbabilities == nil) == (index % 3 == 0))
            }
            #expect(seen == 1)
        }
    }

    @Test func `reports that the producer waited when there is room again`() {
        let ring = EstimateRing(capacity: 4, labels: 3)
        for index in 0..<3 { append(ring, index) }
        #expect(ring.hasRoom(for: 1))
        #expect(!ring.hasRoom(for: 2))
        #expect(ring.drain { _ in })
        #expect(!ring.drain { _ in }, "once")
        #expect(ring.hasRoom(for: 4))
    }

    @Test func `loses nothing between two threads`() async {
        let ring = EstimateRing(capacity: 16, labels: 3)
        let room = WakeUp()
        let count = 200_000
        let thread = Thread {
            for index in 0..<count {
                while !ring.hasRoom(for: 1) { room.wait() }
                append(ring, index)
            }
        }
        thread.start()
        var next = 0
        var isRight = true
        while next < count {
            let waits = ring.drain { record in
                isRight = isRight && record.position == Double(next) && record.probabilities[2] == Float(next * 3 + 2)
                next += 1
            }
            if waits { room.raise() }
        }
        #expect(isRight)
        #expect(next == count)
    }
}
