// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import Testing

@testable import genred

struct PipeInputTests {
    @Test func `settings that arrive just before a pipe's stream ends reach the hub before the end`() throws {
        let listener = Listener()
        let worker = try AnalysisWorker(index: 0, slots: 64) { _ in }
        defer { worker.stop() }
        let input = PipeInput(settings: try .usual(), slot: 3, listener: listener, worker: worker) {}
        input.handle(.opened(StreamFormat(sampleRate: 48_000, channels: 2, encoding: "S16", device: "test")))
        try input.use(try .usual())
        input.handle(.ended(nil))
        #expect(listener.state.withLock { $0.events } == ["opened", "replaced", "ended"])
    }
}
