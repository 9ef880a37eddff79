// SPDX-License-Identifier: GPL-3.0-or-later

import AllocationCounter
import Capture
import Streaming
import Synchronization
import TestSupport
import Testing

@testable import genred

struct AllocationTests {
    /// The hub's side of the hand-over, as the hub has it: a bit and a bell.
    private final class Bells: AnalysisListener {
        let ready = ReadySet(slots: 64)
        let bell: Bell
        let ring = Mutex<EstimateRing?>(nil)

        init() throws { bell = try Bell() }

        func estimatesWait(slot: Int, isUrgent: Bool) {
            if ready.insert(slot) { bell.ring() }
        }

        func post(_ event: TrackEvent, slot: Int) {
            if case .opened(_, let opened, _) = event { ring.withLock { $0 = opened } }
        }

        func sourceIsQuiet(slot: Int) {}
    }

    @Test(arguments: [true, false])
    func `from the capture thread to the hub, once warm, nothing is allocated and no lock is taken`(
        isRealTime: Bool
    ) throws {
        let settings = try AnalysisSettings.usual()
        let (ready, wakeUp, bells) = (ReadySet(slots: 64), WakeUp(), try Bells())
        let input = RingInput(isRealTime: isRealTime, settings: settings, workerName: "test") {
            if ready.insert(3) { wakeUp.raise() }
        }
        let announcements = Announcements(listener: bells)
        let track = RingTrack(
            input: input, slot: 3, block: SampleBlock(), announcements: announcements)
        input.handle(
            .opened(StreamFormat(sampleRate: 48_000, channels: 2, encoding: "S16", device: "test")))
        _ = track.turn()
        let estimates = try #require(bells.ring.withLock { $0 })
        let samples = noise(seconds: 0.04, rate: 48_000)
        var count = 0
        func hear(seconds: Double) {
            for _ in 0..<Int((seconds / 0.04).rounded()) {
                samples.withUnsafeBufferPointer { input.process($0) }
                ready.takeAll { _ in _ = track.turn() }
                announcements.deliver()
                _ = estimates.drain { _ in count += 1 }
                bells.bell.clear()
            }
        }
        hear(seconds: 10)
        count = 0
        allocation_counter_start()
        hear(seconds: 60)
        let allocations = allocation_counter_stop()
        #expect(allocations == 0)
        #expect((249...251).contains(count), "\(count) estimates in a minute")
        // Few blocks, because they take seconds; the last one brings an estimate.
        count = 0
        for _ in 0..<10 where count == 0 { hear(seconds: 0.04) }
        try #require(count > 0)
        hear(seconds: 0.16)
        count = 0
        lock_counter_start()
        hear(seconds: 0.08)
        let locks = lock_counter_stop()
        #expect(locks == 0)
        #expect(count == 1)
        #expect(input.dropped == 0)
    }

    @Test func `a pipe's turn, once warm, allocates nothing and takes no lock`() throws {
        let bells = try Bells()
        let worker = try AnalysisWorker(index: 0, slots: 64, listener: bells) { _ in }
        defer { worker.stop() }
        let announcements = Announcements(listener: bells)
        let input = PipeInput(
            settings: try .usual(), slot: 3, worker: worker, announcements: announcements
        ) {}
        input.handle(.opened(StreamFormat(sampleRate: 48_000, channels: 2, encoding: "S16", device: "test")))
        let estimates = try #require(bells.ring.withLock { $0 })
        let samples = noise(seconds: 0.04, rate: 48_000)
        var count = 0
        func hear(seconds: Double) {
            for _ in 0..<Int((seconds / 0.04).rounded()) {
                if input.hasRoom { samples.withUnsafeBufferPointer { input.process($0) } }
                announcements.deliver()
                _ = estimates.drain { _ in count += 1 }
                bells.bell.clear()
            }
        }
        hear(seconds: 10)
        allocation_counter_start()
        hear(seconds: 10)
        #expect(allocation_counter_stop() == 0)
        lock_counter_start()
        hear(seconds: 0.04)
        #expect(lock_counter_stop() == 0)
        #expect((82...84).contains(count), "\(count) estimates in 20 s")
    }
}
