// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

@testable import genred

struct ControlServerTests {
    @Test func `every method answers`() async throws {
        let fixture = try await HubFixture(sources: ["radio", "studio"])
        await fixture.open()
        await fixture.estimate(.genre, 0, at: 3)
        let client = try RawClient(fixture.path)
        let describe = try #require(try await client.ask("describe")?.result)
        #expect(describe["name"] as? String == "genred")
        #expect(describe["methods"] as? [String] == ControlMethod.allCases.map(\.rawValue))
        let all = try #require(try await client.ask("current")?.result?["estimates"] as? [[String: Any]])
        #expect(all.map { $0["source"] as? String } == ["radio", "studio"])
        let one = try #require(
            try await client.ask("current", params: #"{"source":"radio"}"#)?.result?["estimates"] as? [[String: Any]])
        #expect(one.map { $0["genre"] as? String } == ["jazz"])
        let history = try #require(try await client.ask("history")?.result?["changes"] as? [[String: Any]])
        #expect(history.map { $0["to"] as? String } == ["jazz"])
        #expect((try await client.ask("sources")?.result?["sources"] as? [Any])?.count == 2)
        let status = try #require(try await client.ask("status")?.result)
        #expect(status["pid"] as? Int == Int(getpid()))
        #expect(status["clients"] as? Int == 1)
        #expect(try #require(status["memory"] as? Int) > 1_000_000)
        #expect(try #require(status["cpu"] as? Double) > 0)
        #expect(try await client.ask("reload")?.result?["changed"] as? [String] == [])
        await fixture.stop()
    }

    @Test func `the error for an unknown source names the sources that exist`() async throws {
        let fixture = try await HubFixture()
        let client = try RawClient(fixture.path)
        for method in ["current", "history", "subscribe"] {
            let answer = try await client.ask(method, params: #"{"source":"tv"}"#)
            #expect(answer?.errorCode == RPCError.Code.unknownSource.rawValue)
            #expect(answer?.errorMessage == #"no source "tv"; the only source is "radio""#)
        }
        await fixture.stop()
    }

    @Test func `a malformed request gets an error, and the connection stays open`() async throws {
        let fixture = try await HubFixture()
        let client = try RawClient(fixture.path)
        for line in [
            "{", "nonsense", "[]", "42", #"{"jsonrpc":"2.0","id":1}"#, #"{"id":1,"method":"current"}"#, "{\"a\":\u{1}}",
        ] {
            await client.send(line: line)
            #expect(try await client.object()?.errorCode != nil, "\(line)")
        }
        await client.send([0xFF, 0xFE, 0x0A])
        #expect(try await client.object()?.errorCode == RPCError.Code.parseError.rawValue)
        #expect(try await client.ask("describe")?.result != nil)
        await fixture.stop()
    }

    @Test func `a request without an id is obeyed but not answered`() async throws {
        let fixture = try await HubFixture()
        let client = try RawClient(fixture.path)
        await client.send(line: #"{"jsonrpc":"2.0","method":"describe"}"#)
        await client.send(line: #"{"jsonrpc":"2.0","method":"nonsense"}"#)
        #expect(try await client.ask("status", id: 7)?["id"] as? Int == 7)
        await fixture.stop()
    }

    @Test func `a line of 64 KiB is read, a longer one refused once and skipped`() async throws {
        let fixture = try await HubFixture()
        let client = try RawClient(fixture.path)
        let start = #"{"jsonrpc":"2.0","id":1,"method":"describe""#
        let padding = String(repeating: " ", count: ControlLimits.requestBytes - start.utf8.count - 1)
        await client.send(line: start + padding + "}")
        #expect(try await client.object()?.result != nil)
        await client.send(line: start + padding + " }")
        #expect(try await client.object()?.errorCode == RPCError.Code.invalidRequest.rawValue)
        // Ten megabytes without a newline.
        for _ in 0..<160 { await client.send(repeatElement(UInt8(ascii: "x"), count: 65_536)) }
        #expect(try await client.object()?.errorCode == RPCError.Code.invalidRequest.rawValue)
        await client.send(line: "")
        #expect(try await client.ask("describe")?.result != nil)
        await fixture.stop()
    }

    @Test func `requests are answered in their order, a slow reload and the history included`() async throws {
        let fixture = try await HubFixture(reload: {
            try? await Task.sleep(for: .milliseconds(50))
            return .failure(RPCError(.reloadRefused, "no"))
        })
        let client = try RawClient(fixture.path)
        var lines = ""
        for id in 0..<200 {
            let method = id == 50 ? "reload" : ["current", "nonsense", "status", "history"][id % 4]
            lines += #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)"}"# + "\n"
        }
        await client.send(lines.utf8)
        for id in 0..<200 {
            let answer = try #require(try await client.object())
            #expect(answer["id"] as? Int == id)
            if id == 50 { #expect(answer.errorCode == RPCError.Code.reloadRefused.rawValue) }
        }
        await fixture.stop()
    }

    @Test func `a client that closes its side after its requests gets every answer`() async throws {
        let fixture = try await HubFixture(reload: {
            try? await Task.sleep(for: .milliseconds(20))
            return .success(ReloadResult(changed: ["x"]))
        })
        let client = try RawClient(fixture.path)
        await client.send(line: #"{"jsonrpc":"2.0","id":1,"method":"reload"}"#)
        // The last one without a newline.
        await client.send(#"{"jsonrpc":"2.0","id":2,"method":"describe"}"#.utf8)
        client.endSending()
        #expect(try await client.object()?["id"] as? Int == 1)
        #expect(try await client.object()?["id"] as? Int == 2)
        #expect(await client.isClosed())
        await fixture.stop()
    }

    @Test func `a subscriber gets the events that it asked for, even after it has closed its side`() async throws {
        let fixture = try await HubFixture(sources: ["radio", "studio"])
        let all = try RawClient(fixture.path)
        #expect(try await all.ask("subscribe")?.result?["sources"] as? [String] == ["radio", "studio"])
        let some = try RawClient(fixture.path)
        let answer = try await some.ask("subscribe", params: #"{"source":"studio","events":["change","state"]}"#)
        #expect(answer?.result?["events"] as? [String] == ["change", "state"])
        some.endSending()
        try await Task.sleep(for: .milliseconds(50))
        await fixture.open(slot: 0)
        await fixture.open(slot: 1)
        await fixture.estimate(.genre, 0, at: 3, slot: 0)
        await fixture.estimate(.genre, 1, at: 3, slot: 1)
        var heard: [String] = []
        for _ in 0..<8 {
            let line = try #require(try await all.object())
            heard.append("\(line["method"] ?? "") \(line.params?["source"] ?? "")")
        }
        #expect(
            heard == [
                "estimate radio", "state radio", "estimate studio", "state studio", "change radio", "estimate radio",
                "change studio", "estimate studio",
            ])
        #expect(try await some.object()?["method"] as? String == "state")
        let change = try #require(try await some.object())
        #expect(change["method"] as? String == "change")
        #expect(change.params?["to"] as? String == "rock")
        #expect(await some.line(patience: .milliseconds(100)) == nil)
        await fixture.stop()
    }

    @Test func `the 257th client is refused, and the next one after another left is served`()
        async throws
    {
        let fixture = try await HubFixture()
        var clients = try (0..<256).map { _ in try RawClient(fixture.path) }
        for client in clients { #expect(try await client.ask("describe")?.result != nil) }
        let refused = try RawClient(fixture.path)
        #expect(try await refused.object()?.errorCode == RPCError.Code.tooManyClients.rawValue)
        #expect(await refused.isClosed())
        clients.removeLast()
        #expect(
            try await eventually {
                let next = try RawClient(fixture.path)
                return try await next.ask("describe")?.result != nil
            })
        await fixture.stop()
    }

    @Test(.timeLimit(.minutes(2)))
    func `a subscriber that does not read loses estimates, learns how many, and slows nobody down`() async throws {
        let fixture = try await HubFixture()
        await fixture.open()
        let slow = try RawClient(fixture.path)
        #expect(try await slow.ask("subscribe", params: #"{"events":["estimate"]}"#)?.result != nil)
        let count = 5000
        // This loop ends only if nothing waits for the slow subscriber.
        for index in 1...count { await fixture.estimate(.genre, 0, at: Double(index)) }
        // Now it reads the estimates that were kept for it, then how many are missing.
        var (got, lost) = (0, 0)
        var isTold = false
        while let line = try await slow.object(patience: .milliseconds(300)) {
            switch line["method"] as? String {
            case "estimate":
                got += 1
                #expect(!isTold)
            case "lost":
                lost += try #require(line.params?["estimates"] as? Int)
                isTold = true
            default: Issue.record("\(line)")
            }
        }
        #expect(isTold)
        #expect(got + lost == count)
        #expect(got < count / 2)
        await fixture.estimate(.genre, 0, at: 1e6)
        #expect(try await slow.object()?["method"] as? String == "estimate", "it gets estimates again")
        await fixture.stop()
    }

    @Test func `a subscriber that leaves a thousand changes unread is disconnected`() async throws {
        let fixture = try await HubFixture()
        await fixture.open()
        let deaf = try RawClient(fixture.path)
        #expect(try await deaf.ask("subscribe", params: #"{"events":["change"]}"#)?.result != nil)
        for index in 1...4000 { await fixture.estimate(.genre, index % 2, at: Double(index)) }
        #expect(await eventually { await fixture.hub.perform { $0.clients.count == 0 } })
        #expect(await deaf.isClosed())
        await fixture.stop()
    }

    @Test func `a client that asks and never reads costs bounded memory`() async throws {
        // A daemon in a process of its own, because other tests run in this one.
        let folder = try TemporaryFolder()
        let music = try folder.writeWAV(noise(seconds: 10), to: "music.wav")
        let daemon = try DaemonProcess(folder, "--socket s --source 'a=file:\(music)?loop=true'")
        #expect(await daemon.notifications.receives("READY=1"))
        let other = try RawClient(folder.file("s"))
        func memory() async throws -> Int { try await other.ask("status")?.result?["memory"] as? Int ?? .max / 2 }
        let before = try await memory()
        let greedy = try RawClient(folder.file("s"))
        let line = #"{"jsonrpc":"2.0","id":1,"method":"status"}"# + "\n"
        let many = Array(String(repeating: line, count: 1000).utf8)
        var sent = 0
        // Up to a million requests; the daemon stops reading long before.
        while sent < 1000, await greedy.send(many, patience: .milliseconds(200)) { sent += 1 }
        #expect(sent < 1000)
        // Their answers would be over a gigabyte.
        #expect(try await memory() - before < 16 << 20)
        #expect(try await other.ask("describe")?.result != nil, "other clients are served")
        #expect(await daemon.stop() == 0)
    }

    @Test(.timeLimit(.minutes(2)))
    func `stopping removes the socket and lets clients read their last lines`() async throws {
        let fixture = try await HubFixture()
        let client = try RawClient(fixture.path)
        #expect(try await client.ask("subscribe")?.result != nil)
        let deaf = try RawClient(fixture.path)
        _ = try await deaf.ask("subscribe")
        await fixture.open()
        await fixture.estimate(.genre, 0, at: 3)
        // Returns although one client does not read.
        await fixture.stop()
        #expect(access(fixture.path, F_OK) != 0)
        var methods: [String] = []
        while let line = try await client.object(patience: .milliseconds(200)) {
            methods.append(line["method"] as? String ?? "")
        }
        // The last one is the change to `stopped`.
        #expect(methods == ["estimate", "state", "change", "estimate", "change"])
        #expect(await client.isClosed())
    }

    @Test func `ten thousand random requests leave it standing`() async throws {
        let fixture = try await HubFixture(sources: ["radio", "studio"])
        await fixture.open()
        var generator = SplitMix(state: 3)
        let methods = ControlMethod.allCases.map(\.rawValue) + ["nonsense", ""]
        let values = [
            "null", "1", "-1", "1e99", "true", "\"radio\"", "\"\"", "[]", "{}", "\"2026-01-31T08:00:00Z\"",
            "[\"estimate\"]",
        ]
        func request(_ id: Int) -> [UInt8] {
            func any(_ list: [String]) -> String { list.randomElement(using: &generator)! }
            var members: [String] = []
            if Bool.random(using: &generator) {
                let names = ["source", "since", "limit", "events", "x"]
                members = (0..<Int.random(in: 0...3, using: &generator)).map { _ in "\"\(any(names))\":\(any(values))" }
            }
            var text =
                #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(any(methods))","params":{\#(members.joined(separator: ","))}}"#
            if Int.random(in: 0..<4, using: &generator) == 0 {
                text = text.replacingOccurrences(of: "2.0", with: any(values))
            }
            var bytes = Array(text.utf8)
            for _ in 0..<Int.random(in: 0...2, using: &generator) where Int.random(in: 0..<3, using: &generator) == 0 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            return bytes + [10]
        }
        for round in 0..<20 {
            let client = try RawClient(fixture.path)
            let batch = (0..<500).flatMap { request(round * 500 + $0) }
            Task { while await client.line(patience: .milliseconds(300)) != nil {} }
            var start = 0
            while start < batch.count {
                let length = Int.random(in: 1...5000, using: &generator)
                await client.send(batch[start..<min(start + length, batch.count)])
                start += length
            }
        }
        let client = try RawClient(fixture.path)
        #expect(try await client.ask("describe")?.result != nil)
        await fixture.stop()
    }
}
