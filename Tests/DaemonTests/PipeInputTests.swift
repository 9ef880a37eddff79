// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import TestSupport
import Testing

@testable import genred

struct PipeInputTests {
    @Test func `settings that arrive just before a pipe's stream ends reach the hub before the end`() throws {
        let listener = Listener()
        let worker = try AnalysisWorker(index: 0, slots: 64, listener: listener) { _ in }
        defer { worker.stop() }
        let input = PipeInput(
            settings: try .usual(), slot: 3, worker: worker,
            announcements: Announcements(listener: listener)
        ) {}
        input.handle(.opened(StreamFormat(sampleRate: 48_000, channels: 2, encoding: "S16", device: "test")))
        try input.use(try .usual())
        input.handle(.ended(nil))
        #expect(listener.state.withLock { $0.events } == ["opened", "replaced", "ended"])
    }

    @Test func `audio that comes in bursts is heard until it has been played out`() throws {
        let listener = Listener()
        let worker = try AnalysisWorker(index: 0, slots: 64, listener: listener) { _ in }
        defer { worker.stop() }
        let input = PipeInput(
            settings: try .usual(), slot: 0, worker: worker,
            announcements: Announcements(listener: listener)
        ) {}
        input.handle(.opened(format))
        feed(seconds: 6, to: input)
        #expect((-6 ... -1).contains(input.health.secondsSinceDelivery()))
        feed(seconds: 6, to: input)
        #expect((-12 ... -7).contains(input.health.secondsSinceDelivery()), "the second burst comes after the first")
        input.handle(.waiting("no writer"))
        input.handle(.opened(format))
        #expect((0...1).contains(input.health.secondsSinceDelivery()), "the next writer begins with nothing")
    }

    @Test func `after a pause longer than a window the analysis begins anew, after a shorter one it goes on`()
        async throws
    {
        let listener = Listener()
        let worker = try AnalysisWorker(index: 0, slots: 64, listener: listener) { _ in }
        defer { worker.stop() }
        let announcements = Announcements(listener: listener)
        for (longestPause, isAnew) in [(0.2, true), (60, false)] {
            let input = PipeInput(
                settings: try .usual(), slot: 0, worker: worker, announcements: announcements,
                longestPause: longestPause
            ) {}
            input.handle(.opened(format))
            feed(seconds: 3.5, to: input)
            announcements.deliver()
            try await Task.sleep(for: .seconds(4))  // 0.5 s longer than what was fed lasts
            listener.state.withLock { $0.states = [] }
            feed(seconds: 0.5, to: input)
            announcements.deliver()
            let states = listener.state.withLock { $0.states }
            #expect(states.isEmpty == false && states.allSatisfy { ($0 == .starting) == isAnew })
            input.handle(.ended(nil))
        }
    }

    private let format = StreamFormat(sampleRate: 48_000, channels: 1, encoding: "S16", device: "test")

    private func feed(seconds: Double, to input: PipeInput) {
        noise(seconds: seconds, rate: 48_000).withUnsafeBufferPointer { samples in
            // As much at a time as one read of a pipe brings, so that the ring of estimates has room.
            for start in stride(from: 0, to: samples.count, by: 9600) {
                _ = input.hasRoom
                input.process(UnsafeBufferPointer(rebasing: samples[start..<min(start + 9600, samples.count)]))
            }
        }
    }
}
