// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import genred

struct RingInputTests {
    private let settings: AnalysisSettings

    init() throws { settings = try .usual() }

    @Test func `a device that nobody reads loses the oldest, counted`() throws {
        let input = RingInput(isRealTime: true, settings: settings, workerName: "test") {}
        input.handle(.opened(.mono(8000)))
        guard case .opened(_, let ring, _)? = input.mailbox.take() else {
            Issue.record("no stream")
            return
        }
        let count = ring.capacity * 3 + 17
        (0..<count).map(Float.init).withUnsafeBufferPointer { samples in
            for start in stride(from: 0, to: count, by: 100) {
                input.process(UnsafeBufferPointer(rebasing: samples[start..<min(start + 100, count)]))
            }
        }
        #expect(input.dropped == count - ring.capacity)
        let rest = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
        defer { rest.deallocate() }
        #expect(ring.read(into: rest) == ring.capacity)
        #expect(rest[0] == Float(count - ring.capacity), "the newest are kept")
    }

    @Test func `the worker is woken when the ring holds what the next estimate needs`() throws {
        let wakeUps = Mutex(0)
        let input = RingInput(isRealTime: true, settings: settings, workerName: "test") {
            wakeUps.withLock { $0 += 1 }
        }
        input.handle(.opened(.mono(8000)))
        guard case .opened(_, let ring, _)? = input.mailbox.take() else {
            Issue.record("no stream")
            return
        }
        let samples = [Float](repeating: 0, count: ring.capacity)
        func deliver(_ count: Int) -> Bool {
            let before = wakeUps.withLock { $0 }
            samples[..<count].withUnsafeBufferPointer { input.process($0) }
            return wakeUps.withLock { $0 } > before
        }
        #expect(!deliver(479) && deliver(1), "one hop, while the demand is not known")
        input.noteDemand(AudioDemand(heard: 1, next: 1.2), in: ring, sampleRate: 8000)
        #expect(!deliver(1600 - 480 - 1) && deliver(1))
        // More than half of the ring would leave too little room for what comes while the worker is busy.
        input.noteDemand(AudioDemand(heard: 1, next: 99), in: ring, sampleRate: 8000)
        #expect(!deliver(ring.capacity / 2 - 1600 - 1) && deliver(1))
    }

    @Test func `a source that waits for room is stopped at once`() async throws {
        let input = RingInput(isRealTime: false, settings: settings, workerName: "test") {}
        input.handle(.opened(.mono()))
        let done = Flag()
        Thread {
            noise(seconds: 10).withUnsafeBufferPointer { input.process($0) }
            done.raise()
        }.start()
        try await Task.sleep(for: .milliseconds(50))
        #expect(!done.isRaised)
        #expect(input.health.secondsSinceDelivery() == 0, "waiting is not its fault")
        input.stop()
        #expect(await eventually { done.isRaised })
    }
}
