// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

/// The real genred, the real program, and a real server.
@Suite(.timeLimit(.minutes(3))) struct HookWebhookTests {
    @Test func `dead air is reported once, signed, and so is its end`() async throws {
        let server = try await HookServer()
        let daemon = try await FedDaemon()
        let hooks = try HookFixture(socket: daemon.socket)
        daemon.play(.noise)
        #expect(try await eventually { try await daemon.client().current(source: "radio")[0].label != "silence" })
        try await hooks.use(
            """
            - name: dead-air
              on: [silence, no-signal]
              for: 1s
              back: 0.5s
              source: radio
              url: \(server.url("/200/on?token=t0psecret"))
              secret-file: secret
              headers: {X-Station: radio one}
            """)
        daemon.play(.silence)
        #expect(await eventually { server.requests.count == 1 }, "\(hooks.log)")
        daemon.play(.noise)
        #expect(await eventually { server.requests.count == 2 }, "\(hooks.log)")
        let requests = server.requests
        try #require(requests.count == 2)
        #expect(requests.allSatisfy { $0.isSigned && $0.headers["content-type"] == "application/json" })
        #expect(requests[0].headers["x-station"] == "radio one")
        let (on, back) = (requests[0].event, requests[1].event)
        #expect(on["fired"] as? String == "on")
        #expect(on["event_type"] as? String == "silence")
        #expect(on["rule"] as? String == "dead-air")
        #expect(on["source"] as? String == "radio")
        #expect((on["held"] as? Double).map { $0 >= 1 && $0 < 3 } == true)
        #expect(back["fired"] as? String == "back")
        #expect(back["from"] as? String == "silence")
        let instance = try await daemon.client().describe().instance
        for (request, event) in zip(requests, [on, back]) {
            #expect(event["instance"] as? String == instance)
            let seq = try #require(event["seq"] as? Int)
            #expect(request.headers["idempotency-key"] == "\(instance):\(seq):dead-air")
        }
        await hooks.stop()
        #expect(!hooks.log.contains("t0psecret") && !hooks.log.contains(HookServer.secret))
    }
}
