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

    @Test func `neither a restart of the outlet nor of genred repeats or loses an event`() async throws {
        let server = try await HookServer()
        let daemon = try await FedDaemon()
        let hooks = try HookFixture(socket: daemon.socket)
        try await daemon.waitFor("silence")
        try await hooks.use(
            """
            - {name: every, on: any, url: "\(server.url("/200/every"))"}
            - {name: air, on: silence, for: 300ms, url: "\(server.url("/200/air"))"}
            """)
        func seqs(_ path: String) -> [Int] {
            server.requests.filter { $0.path == path }.compactMap { $0.event["seq"] as? Int }
        }
        #expect(await eventually { !seqs("/200/air").isEmpty }, "\(hooks.log)")
        await hooks.stop()
        try await daemon.makeChanges(20)
        try hooks.start()
        let before = try await daemon.history().count
        #expect(before > 20)
        hooks.kill()
        try await daemon.restart()
        try hooks.start()
        try await daemon.makeChanges(4)
        var expected: [Int] = []
        _ = try await eventually {
            expected = try await daemon.history().map(\.seq)
            return Set(seqs("/200/every")).isSuperset(of: expected.drop { $0 < seqs("/200/every").first ?? 0 })
        }
        let every = seqs("/200/every")
        #expect(Set(every).isSuperset(of: expected.drop { $0 < every.first ?? 0 }), "\(hooks.log)")
        #expect(every.sorted() == every, "in order")
        // A kill may repeat what was on its way, with the same key.
        #expect(Set(server.requests.map { $0.headers["idempotency-key"] ?? "" }).count >= Set(every).count)
        let air = seqs("/200/air")
        #expect(Set(air).count == air.count, "the same silence is reported once: \(air)")
        await hooks.stop()
    }

    @Test func `a reload applies all of a file or nothing`() async throws {
        let server = try await HookServer()
        let daemon = try await FedDaemon()
        let hooks = try HookFixture(socket: daemon.socket)
        try await daemon.waitFor("silence")
        try await hooks.use("- {name: a, on: silence, url: \"\(server.url("/200/a"))\"}")
        #expect(await eventually { server.requests.count == 1 }, "\(hooks.log)")
        try await hooks.use("- {name: b, on: silence, url: \"\(server.url("/200/b"))\"}\n- {name: c}")
        #expect(await eventually { hooks.log.contains("keeping the previous rules: hooks.yaml:2:3: a rule needs on") })
        #expect(server.requests.count == 1)
        try await hooks.use(
            "- {name: a, on: silence, url: \"\(server.url("/200/a"))\"}\n- {name: b, on: [silence, jaz], url: \"\(server.url("/200/b"))\"}"
        )
        #expect(await eventually { server.requests.count == 2 }, "\(hooks.log)")
        #expect(server.requests.map(\.path) == ["/200/a", "/200/b"], "the old rule does not fire again")
        #expect(hooks.log.contains("rule b: genred's model never says \"jaz\""))
        await hooks.stop()
    }

    @Test func `the check prints the rules or every mistake, and no secret`() async throws {
        let hooks = try HookFixture(socket: "/nowhere")
        let program = Programs.built("genred-outlet")
        let file = try hooks.folder.write(
            """
            - {name: a, on: silence, url: "http://example.org/t0psecret", secret-file: secret, headers: {X: t0psecret}}
            - {name: b, on: jazz, run: [/bin/echo, t0psecret]}
            """, to: "hooks.yaml")
        let text = try Programs.run(program, ["hook", "--rules", file, "--check"])
        #expect(text.contains("\(file): ok\n"))
        #expect(text.contains("note: rule a: http://example.org is not encrypted"))
        #expect(text.contains("POST http://example.org/…, signed") && text.contains("run /bin/echo"))
        #expect(!text.contains("t0psecret") && !text.contains(HookServer.secret))
        _ = try hooks.folder.write("- {name: a}\n- 3\n", to: "hooks.yaml")
        let mistakes = try Programs.run(program, ["hook", "--rules", file, "--check"], status: 78)
        #expect(
            mistakes.split(separator: "\n").count == 3
                && mistakes.contains("genred-outlet: \(file):2:3: a rule must be"))
    }

    @Test func `two outlets do not share a state`() async throws {
        let daemon = try await FedDaemon()
        let hooks = try HookFixture(socket: daemon.socket)
        try await hooks.use("[]")
        let text = try Programs.run(
            Programs.built("genred-outlet"), ["hook", "--rules", hooks.folder.file("hooks.yaml")],
            environment: ["STATE_DIRECTORY": hooks.folder.file("state")], status: 78)
        #expect(text.contains("another genred-outlet hook uses"))
        await hooks.stop()
    }
}
