// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import Logging
import TestSupport
import Testing

@testable import genred_outlet

/// The rules that ship, with addresses and paths of the test, against a real server and real commands.
@Suite(.timeLimit(.minutes(2))) struct HookExampleTests {
    private static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("config/hooks.yaml").path

    @Test func `the shipped file has no rules, and its examples work`() async throws {
        let text = try String(contentsOfFile: Self.path, encoding: .utf8)
        #expect(try HookRulesFile.parse(text, file: Self.path) == [])
        let server = try await HookServer()
        let folder = try TemporaryFolder()
        _ = try folder.write("\(HookServer.secret)\n", to: "hook-secret")
        _ = try folder.write("\(server.url("/200/scene"))\n", to: "light-scene-address")
        let script = try folder.writeProgram(
            "#!/bin/sh\necho \"$1 $GENRED_LABEL\" >>'\(folder.file("presets"))'\n", to: "eq")
        // A # followed by no space, or by two, hides a key; before prose there is one space.
        let examples = text.split(separator: "\n").filter {
            $0.hasPrefix("#- ") || $0.hasPrefix("#  ") && !$0.hasPrefix("#   ")
        }
        .map { $0.dropFirst() }.joined(separator: "\n")
        .replacingOccurrences(of: "https://example.org/dead-air", with: server.url("/200/air"))
        .replacingOccurrences(of: "/usr/local/bin/equaliser", with: script)
        let rules = try HookRulesFile.parse(examples, file: folder.file("hooks.yaml"))
        #expect(rules.map(\.name) == ["dead-air", "light-scene", "equaliser-jazz", "equaliser-rock"])

        let recorder = LogRecorder()
        let runner = try HookRunner(
            rules, waiting: [], clock: HookClock(), log: Logger(label: "test") { _ in recorder })
        try runner.start()
        defer { runner.stop(patience: 0) }
        var engine = RuleEngine(rules)
        func submit(_ firings: [RuleEngine.Firing]) throws {
            runner.submit(
                try firings.map { rule, firing in
                    try #require(HookDelivery(firing, of: rule.name, at: .now, clock: runner.clock.now))
                })
        }
        for (seq, (label, time)) in [("jazz", 0.0), ("silence", 100), ("no-signal", 110), ("rock", 200)].enumerated() {
            let heard = HeardChange(
                change: Change(
                    source: "radio", time: "", position: 0, from: "", to: label, confidence: 1, lasted: 0, seq: seq + 1),
                instance: "i", time: time, replayed: false)
            try submit(engine.apply(heard, now: time))
            for step in stride(from: time, through: time + 90, by: 1) where step < time + 10 || seq != 1 {
                try submit(engine.advance(to: step, isConnected: true))
            }
        }
        #expect(await eventually { runner.waiting.isEmpty })
        func told(_ path: String) -> [String] {
            server.requests.filter { $0.path == path }.compactMap { $0.event["event_type"] as? String }
        }
        #expect(told("/200/air") == ["silence", "rock"])
        #expect(server.requests.filter { $0.path == "/200/air" }.allSatisfy { $0.isSigned })
        #expect(told("/200/scene") == ["jazz", "rock"])
        #expect(recorder.lines == [])
        let presets = try String(contentsOfFile: folder.file("presets"), encoding: .utf8)
        // Two rules, so in either order.
        #expect(presets.split(separator: "\n").sorted() == ["loud rock", "warm jazz"])
    }
}
