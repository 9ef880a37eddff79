// SPDX-License-Identifier: GPL-3.0-or-later

import AllocationCounter
import Capture
import Streaming
import Synchronization
import TestSupport
import Testing

@testable import genred

struct AllocationTests {
    /// What the hub's side is told on the way: as the hub does it, a bit and a bell.
    private final class Bells: AnalysisListener {
        let ready = ReadySet(slots: 64)
        let bell: Bell
        let ring = Mutex<EstimateRing?>(nil)

        init() throws { bell = try Bell() }

        func estimatesWait(slot: Int) {
            if ready.insert(slot) { bell.ring() }
        }

        func post(_ event: TrackEvent, slot: Int) {
            if case .opened(_, let opened, _) = event { ring.withLock { $0 = opened } }
        }
    }

    @Test(arguments: [true, false])
    func `from the capture thread to the hub nothing is allocated once warm`(isRealTime: Bool) throws {
        let settings = try AnalysisSettings.usual()
        let (ready, wakeUp, bells) = (ReadySet(slots: 64), WakeUp(), try Bells())
        let input = SourceInput(name: "x", isRealTime: isRealTime, settings: settings, workerName: "test") {
            if ready.insert(3) { wakeUp.raise() }
        }
        let track = SourceTrack(input: input, slot: 3, listener: bells)
        let scratch = UnsafeMutableBufferPointer<Float>.allocate(capacity: 4096)
        defer { scratch.deallocate() }
        input.handle(
            .opened(StreamFormat(sampleRate: 48_000, channels: 2, encoding: "S16", device: "test")))
        _ = track.turn(scratch: scratch)
        let estimates = try #require(bells.ring.withLock { $0 })
        let samples = noise(seconds: 0.04, rate: 48_000)
        var count = 0
        func hear(seconds: Double) {
            for _ in 0..<Int(seconds / 0.04) {
                samples.withUnsafeBufferPointer { input.deliver($0) }
                ready.takeAll { _ in _ = track.turn(scratch: scratch) }
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
        #expect(input.dropped == 0)
    }
}
