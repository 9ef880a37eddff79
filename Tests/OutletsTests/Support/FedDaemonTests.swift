// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct FedDaemonTests {
    @Test func `the labels follow what is played, also after a kill`() async throws {
        let daemon = try await FedDaemon(["radio", "Kitchen"])
        try await daemon.waitFor("silence")
        daemon.play(.noise)
        #expect(try await eventually { try await daemon.client().current(source: "radio")[0].label != "silence" })
        daemon.play(.nothing)
        try await daemon.waitFor("no-signal")
        try await daemon.waitFor("silence", on: "Kitchen")
        daemon.kill()
        daemon.play(.silence)
        try await daemon.start()
        try await daemon.waitFor("silence")
    }

    @Test func `changes are made on demand`() async throws {
        let daemon = try await FedDaemon()
        try await daemon.makeChanges(1000)
        #expect(try await daemon.history().count >= 1000)
    }
}
