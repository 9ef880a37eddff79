// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct WebEventTests {
    @Test func `a stream begins with the daemon and the estimates, and goes on with both`() async throws {
        let daemon = try await FedDaemon(["radio", "Kitchen"])
        let server = try await WebServerProcess(socket: daemon.socket)
        try await server.waitForDaemon()
        let reader = try await EventReader(port: server.port)
        let first = try #require(await reader.waitFor { $0.name == "estimate" })
        #expect(first.id == nil)
        #expect(reader.head.contains("200 OK") && reader.head.contains("text/event-stream"))
        #expect(reader.head.contains("X-Accel-Buffering: no") && reader.head.contains("Cache-Control: no-store"))
        let greeting = try #require(reader.events.first)
        #expect(greeting.name == "daemon" && greeting.object["state"] as? String == "back")
        #expect(await reader.waitFor { $0.object["source"] as? String == "Kitchen" } != nil)
        try await daemon.waitFor("silence")
        daemon.play(.noise)
        let change = try #require(
            await reader.waitFor { $0.name == "change" && $0.object["from"] as? String == "silence" })
        #expect(change.id == change.seq.map(String.init) && change.object["source"] as? String == "radio")
        daemon.play(.nothing, on: "Kitchen")
        let state = try #require(
            await reader.waitFor { $0.name == "state" && $0.object["state"] as? String == "waiting" })
        #expect(state.object["source"] as? String == "Kitchen" && state.id == nil)
    }

    @Test func `one source alone`() async throws {
        let daemon = try await FedDaemon(["radio", "Kitchen"])
        let server = try await WebServerProcess(socket: daemon.socket)
        try await server.waitForDaemon()
        let reader = try await EventReader(port: server.port, "?source=Kitchen&after=0")
        try await daemon.makeChanges(20, on: "radio")
        try await daemon.makeChanges(20, on: "Kitchen")
        let expected = try await daemon.history().filter { $0.source == "Kitchen" }.map(\.seq)
        #expect(await eventually { reader.read() && Set(expected).isSubset(of: reader.seqs) })
        let sources = Set(reader.events.filter { $0.name != "daemon" }.compactMap { $0.object["source"] as? String })
        #expect(sources == ["Kitchen"])
        #expect(Array(reader.seqs.prefix(expected.count)) == expected)
    }

    @Test func `Last-Event-ID replays from the history and goes on live, without a hole or a repeat`() async throws {
        let daemon = try await FedDaemon()
        let server = try await WebServerProcess(socket: daemon.socket)
        try await server.waitForDaemon()
        // More than two pages.
        try await daemon.makeChanges(1200)
        let known = try await daemon.history().map(\.seq)
        let reader = try await EventReader(port: server.port, lastEventID: known[99])
        // The outlet can be behind the daemon, and a fresh reader gets what the outlet has not had yet.
        #expect(await eventually { reader.read() && reader.seqs.last.map { $0 >= known.last! } == true })
        let fresh = try await EventReader(port: server.port)
        #expect(await fresh.waitFor { $0.name == "estimate" } != nil)
        try await daemon.makeChanges(200)
        let all = try await daemon.history().map(\.seq)
        #expect(all.count >= 1400)
        #expect(await eventually { reader.read() && reader.seqs.count >= all.count - 100 })
        #expect(reader.seqs.prefix(all.count - 100) == all[100...])
        #expect(await eventually { fresh.read() && fresh.seqs.last.map { $0 >= all.last! } == true })
        // Those that came while it connected are part of it or not, but none is missing in between.
        let first = try #require(fresh.seqs.first)
        let begin = try #require(all.firstIndex(of: first))
        #expect(begin >= known.count)
        #expect(fresh.seqs.starts(with: all[begin...]))
        // A number of another instance: everything is new.
        let stranger = try await EventReader(port: server.port, lastEventID: 1_000_000)
        #expect(await eventually { stranger.read() && stranger.seqs.count >= all.count })
        #expect(stranger.seqs.starts(with: all))
    }

    @Test func `a slow reader loses estimates and never changes, in bounded memory`() async throws {
        let daemon = try await FedDaemon()
        let server = try await WebServerProcess(socket: daemon.socket)
        try await server.waitForDaemon()
        let reader = try await EventReader(port: server.port, receiveBuffer: 4096)
        #expect(await reader.waitFor { $0.name == "estimate" } != nil)
        let begin = try await daemon.history().last?.seq ?? 0
        let memory = server.memory
        // It reads nothing while far more is sent than its buffers hold: 17 estimates a second, and changes.
        try await daemon.makeChanges(400)
        #expect(server.memory < memory + 32 << 20)
        let expected = try await daemon.history().map(\.seq).filter { $0 > begin }
        #expect(await eventually { reader.read() && reader.seqs.last.map { $0 >= expected.last! } == true })
        #expect(reader.seqs.filter { $0 > begin }.starts(with: expected), "\(reader.seqs.count) of \(expected.count)")
        let lost = reader.events.filter { $0.name == "lost" }.compactMap { $0.object["estimates"] as? Int }
        #expect(lost.reduce(0, +) > 100, "\(lost)")
    }

    @Test func `the daemon restarts: the page is told, nothing is missing, the stream stays`() async throws {
        let daemon = try await FedDaemon()
        let server = try await WebServerProcess(socket: daemon.socket)
        try await server.waitForDaemon()
        let reader = try await EventReader(port: server.port, lastEventID: 0)
        try await daemon.makeChanges(20)
        await daemon.stop()
        #expect(await reader.waitFor { $0.name == "daemon" && $0.object["state"] as? String == "away" } != nil)
        try await daemon.start()
        try await daemon.makeChanges(20)
        let expected = try await daemon.history().map(\.seq)
        #expect(expected.count >= 40)
        #expect(await eventually { reader.read() && reader.seqs.count >= expected.count })
        #expect(reader.seqs.starts(with: expected))
        let states = reader.events.filter { $0.name == "daemon" }.compactMap { $0.object["state"] as? String }
        #expect(Array(states.suffix(2)) == ["away", "back"])
    }

    @Test func `a daemon with a new identity begins anew`() async throws {
        let daemon = try await FedDaemon()
        let server = try await WebServerProcess(socket: daemon.socket)
        try await server.waitForDaemon()
        let reader = try await EventReader(port: server.port, lastEventID: 0)
        try await daemon.makeChanges(20)
        let old = try await daemon.history().map(\.seq)
        #expect(await eventually { reader.read() && reader.seqs.count >= old.count })
        await daemon.stop()
        try FileManager.default.removeItem(atPath: daemon.folder.file("state"))
        try await daemon.start()
        try await daemon.makeChanges(10)
        let new = try await daemon.history().map(\.seq)
        #expect(
            await eventually {
                reader.read()
                guard let begin = reader.seqs.lastIndex(of: new[0]), begin > 0 else { return false }
                return reader.seqs[begin...].starts(with: new)
            }, "\(reader.seqs)")
        let instances = reader.events.filter { $0.name == "daemon" && $0.object["state"] as? String == "back" }
            .compactMap { $0.object["instance"] as? String }
        #expect(Set(instances).count == 2)
    }

    @Test func `a reload is told`() async throws {
        let daemon = try await FedDaemon()
        let server = try await WebServerProcess(socket: daemon.socket)
        try await server.waitForDaemon()
        let reader = try await EventReader(port: server.port)
        #expect(await reader.waitFor { $0.name == "estimate" } != nil)
        try await daemon.reload(["radio", "attic"])
        #expect(await reader.waitFor { $0.name == "daemon" && $0.object["state"] as? String == "reloaded" } != nil)
        #expect(await reader.waitFor { $0.object["source"] as? String == "attic" } != nil)
    }

    @Test func `a comment comes every 15 s, and a client that is gone frees its place`() async throws {
        let server = try await WebServerProcess(socket: "/nonexistent/genred.sock")
        let reader = try await EventReader(port: server.port)
        #expect(await eventually(within: 5) { reader.read() && !reader.events.isEmpty })
        #expect(reader.events.first?.object["state"] as? String == "away")
        let start = monotonicSeconds()
        #expect(await eventually(within: 40) { reader.read() && reader.comments > 0 })
        #expect(monotonicSeconds() - start < 30)
        let descriptors = server.descriptors
        reader.client.close()
        #expect(await eventually(within: 5) { server.descriptors < descriptors })
    }

    @Test func `a stream by HTTP/1.0 is not chunked`() async throws {
        let server = try await WebServerProcess(socket: "/nonexistent/genred.sock")
        let client = try server.connect()
        await client.send("GET /api/v1/events HTTP/1.0\r\n\r\n")
        var text = ""
        #expect(
            await eventually(within: 10) {
                text += String(decoding: client.receive() ?? [], as: UTF8.self)
                return text.contains("event: daemon")
            })
        #expect(!text.lowercased().contains("chunked"))
    }
}
