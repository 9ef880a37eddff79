// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import Foundation
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
        #expect(input.secondsSinceDelivery == 0, "waiting is not its fault")
        input.stop()
        #expect(await eventually { done.isRaised })
    }
}
