// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Foundation
import Glibc
import Testing

struct ClientTests {
    /// Returns the error of connecting and sending a request.
    private func failure(at path: String, timeout: Duration = .seconds(5)) -> ControlError? {
        do {
            _ = try ControlClient(path: path, timeout: timeout).sources()
            return nil
        } catch { return error }
    }

    @Test
    func `every method returns its result`() throws {
        var behaviour = FakeDaemon.Behaviour()
        behaviour.sources = Programme.sources(3)
        let daemon = try FakeDaemon(behaviour)
        defer { daemon.stop() }
        let client = try ControlClient(path: daemon.path)
        #expect(try client.describe().model.labels == Programme.labels)
        #expect(try client.current().map(\.source) == ["radio", "kitchen", "tv"])
        #expect(try client.current(source: "tv").map(\.source) == ["tv"])
        #expect(try client.history(source: "tv", limit: 7).changes.map(\.source) == Array(repeating: "tv", count: 7))
        #expect(try client.history(since: .ago(0)).changes.count <= 3)
        #expect(try client.sources().count == 3)
        #expect(try client.status().clients == 1)
        #expect(try client.reload() == ["source tv was added"])
    }

    @Test
    func `a subscription brings the requested events of the requested source`() throws {
        var behaviour = FakeDaemon.Behaviour()
        behaviour.sources = Programme.sources(2)
        let daemon = try FakeDaemon(behaviour)
        defer { daemon.stop() }
        let client = try ControlClient(path: daemon.path)
        #expect(try client.subscribe(source: "kitchen", events: [.estimate]).events == [.estimate])
        for _ in 0..<5 {
            guard case .estimate(let estimate)? = try client.nextNotification(timeout: .seconds(5)) else {
                Issue.record("no estimate")
                return
            }
            #expect(estimate.source == "kitchen")
        }
        // Requests are still answered, between notifications.
        #expect(try client.sources().count == 2)
    }

    @Test
    func `nextNotification returns at once when there is none`() throws {
        let daemon = try FakeDaemon()
        defer { daemon.stop() }
        let client = try ControlClient(path: daemon.path)
        let start = ContinuousClock.now
        #expect(try client.nextNotification() == nil)
        let duration = ContinuousClock.now - start
        #expect(duration < .milliseconds(500))
    }

    @Test
    func `unknown notifications of a newer daemon are skipped`() throws {
        var behaviour = FakeDaemon.Behaviour()
        let lost = try ControlProtocol.Notification.lost(Lost(estimates: 3)).line()
        behaviour.interjection =
            Array(#"{"jsonrpc":"2.0","method":"weather","params":{"rain":true}}"#.utf8) + [10] + lost
        let daemon = try FakeDaemon(behaviour)
        defer { daemon.stop() }
        let client = try ControlClient(path: daemon.path)
        #expect(try client.sources().count == 1)
        // One arrived before each of two responses, and was kept.
        #expect(try client.nextNotification() == .lost(Lost(estimates: 3)))
        #expect(try client.nextNotification() == .lost(Lost(estimates: 3)))
        #expect(try client.nextNotification() == nil)
    }

    @Test
    func `the daemon's errors reach the caller`() throws {
        let daemon = try FakeDaemon()
        defer { daemon.stop() }
        let client = try ControlClient(path: daemon.path)
        let error = #expect(throws: ControlError.self) { try client.current(source: "attic") }
        #expect(error?.message == #"no source "attic"; the only source is "radio""#)
        #expect(error?.code == .answered(.unknownSource("attic", known: ["radio"])))
    }

    @Test
    func `without a socket the error says how to start genred`() {
        let error = failure(at: "/nonexistent/genred.sock")
        #expect(error?.code == .notRunning)
        #expect(error?.message.contains("systemctl start genred") == true)
    }

    @Test
    func `a stale socket and a file that is not a socket are told apart`() throws {
        let path = Program.freePath()
        try Data().write(to: URL(fileURLWithPath: path))
        #expect(failure(at: path)?.message.contains("is not a socket") == true)
        try FileManager.default.removeItem(atPath: path)
        let stale = UnixSocket.open(SOCK_STREAM)
        _ = UnixSocket.withAddress(path) { bind(stale, $0, $1) }
        close(stale)
        defer { unlink(path) }
        let error = failure(at: path)
        #expect(error?.code == .refused)
        #expect(error?.message.contains("was killed and left") == true)
    }

    @Test
    func `a path that cannot be a socket is refused`() {
        #expect(failure(at: "")?.code == .badPath)
        #expect(failure(at: "/" + String(repeating: "a", count: 120))?.code == .badPath)
    }

    @Test
    func `the client waits for a silent daemon until its timeout`() throws {
        var behaviour = FakeDaemon.Behaviour()
        behaviour.isMute = true
        let daemon = try FakeDaemon(behaviour)
        defer { daemon.stop() }
        var error: ControlError?
        let duration = ContinuousClock().measure { error = failure(at: daemon.path, timeout: .milliseconds(200)) }
        #expect(error?.code == .timeout)
        #expect(duration >= .milliseconds(200) && duration < .seconds(3))
    }

    @Test
    func `the end of the connection is reported after everything that the daemon sent`() throws {
        let daemon = try FakeDaemon()
        let client = try ControlClient(path: daemon.path)
        _ = try client.subscribe()
        usleep(300_000)
        daemon.stop()
        var count = 0
        let error = #expect(throws: ControlError.self) {
            while try client.nextNotification(timeout: .seconds(5)) != nil { count += 1 }
        }
        #expect(error?.code == .closed)
        #expect(count > 1)
    }

    @Test
    func `the daemon's error for too many clients reaches the caller, though it answers no request`() throws {
        var behaviour = FakeDaemon.Behaviour()
        behaviour.greeting = String(decoding: Response.line(id: .null, error: .tooManyClients()), as: UTF8.self)
        let daemon = try FakeDaemon(behaviour)
        defer { daemon.stop() }
        for _ in 0..<20 { #expect(failure(at: daemon.path)?.code == .answered(.tooManyClients())) }
    }

    @Test
    func `another version of the protocol is refused`() throws {
        var behaviour = FakeDaemon.Behaviour()
        behaviour.protocolVersion = 9
        let daemon = try FakeDaemon(behaviour)
        defer { daemon.stop() }
        let error = failure(at: daemon.path)
        #expect(error?.code == .mismatch)
        #expect(error?.message.contains("version 9") == true)
    }

    @Test(arguments: [
        "220 mail.example.org ESMTP\r\n", "{}\n", "[]\n", "null\n",
        #"{"jsonrpc":"2.0","id":77,"result":{}}"# + "\n",
        #"{"jsonrpc":"2.0","id":1,"result":{}}"# + "\n", #"{"method":"estimate","params":{}}"# + "\n",
        #"{"id":1,"error":"no"}"# + "\n", String(repeating: "[", count: 600) + "\n",
    ])
    func `any response from another program is a mismatch, not a crash`(answer: String) throws {
        var behaviour = FakeDaemon.Behaviour()
        behaviour.answer = answer
        let daemon = try FakeDaemon(behaviour)
        defer { daemon.stop() }
        let error = failure(at: daemon.path)
        #expect(error?.code == .mismatch)
        #expect(error?.message.contains("\n") == false)
    }
}
