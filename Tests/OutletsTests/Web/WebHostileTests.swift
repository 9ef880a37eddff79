// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct WebHostileTests {
    /// Sends bytes and returns all that comes back.
    private func exchange(
        _ server: WebServerProcess, _ text: String, halfClose: Bool = false, within seconds: Double = 20
    ) async throws -> String {
        let client = try server.connect()
        await client.send(text)
        if halfClose { client.endSending() }
        return String(decoding: await client.readToEnd(within: seconds), as: UTF8.self)
    }

    @Test func `too much of anything is refused`() async throws {
        let server = try await WebServerProcess()
        let host = "Host: localhost\r\n"
        let long = String(repeating: "x", count: 100_000)
        let manyHeaders = (0..<200).map { "H\($0): a\r\n" }.joined()
        let longHeaders = (0..<40).map { "H\($0): \(long.prefix(1000))\r\n" }.joined()
        let cases: [String] = [
            "GET /\(long) HTTP/1.1\r\n\(host)\r\n", "\(long) / HTTP/1.1\r\n\(host)\r\n",
            "GET / HTTP/1.1\r\n\(host)A: \(long)\r\n\r\n", "GET / HTTP/1.1\r\n\(host)\(long): a\r\n\r\n",
            "GET / HTTP/1.1\r\n\(host)\(manyHeaders)\r\n", "GET / HTTP/1.1\r\n\(host)\(longHeaders)\r\n",
        ]
        for text in cases {
            let reply = try await exchange(server, text)
            #expect(reply.hasPrefix("HTTP/1.1 4") && reply.contains("Connection: close"), "\(reply.prefix(200))")
        }
        // As much as is allowed.
        #expect(try await server.get("/?" + long.prefix(7000)).status == 200)
        #expect(await server.isWell())
    }

    @Test func `shapes of smuggling get one answer and no second request`() async throws {
        let server = try await WebServerProcess()
        let inner = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        let cases = [
            "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(inner.utf8.count)\r\n\r\n\(inner)",
            "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\(inner)",
            "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\(inner)",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n\(inner)",
            "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n\(inner)",
            "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n\(inner)",
            "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n\(inner)",
            "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: +0\r\n\r\n\(inner)",
            "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n\(inner)",
            "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\(inner)",
            "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n\(inner)",
            "GET / HTTP/1.1\r\nHost: localhost\r\n Folded: x\r\n\r\n\(inner)",
            "GET / HTTP/1.1\r\nHost: localhost\r\nNo colon\r\n\r\n\(inner)",
            "GET / HTTP/1.1\r\nHost: localhost\r\nA: b\0c\r\n\r\n\(inner)",
            "GET / HTTP/2.0\r\nHost: localhost\r\n\r\n\(inner)", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET /\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}", "GET  /  HTTP/1.1\r\n\r\n",
        ]
        for text in cases {
            let reply = try await exchange(server, text)
            #expect(
                reply.matches(of: /HTTP\/1\.\d \d{3}/).count <= 1, "\(text.debugDescription): \(reply.prefix(300))")
            #expect(!reply.contains("\r\n\r\nok"), "\(text.debugDescription)")
        }
        #expect(await server.isWell())
    }

    @Test func `requests sent ahead are answered in order, also by a client that closes its side`() async throws {
        let server = try await WebServerProcess()
        let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        let last = "GET /api/v1/describe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        let reply = try await exchange(server, String(repeating: request, count: 50) + last)
        #expect(reply.components(separatedBy: "HTTP/1.1 200 OK").count == 52)
        #expect(reply.hasSuffix("}\n"))
        let half = try await exchange(server, last.replacing("Connection: close\r\n", with: ""), halfClose: true)
        #expect(half.hasPrefix("HTTP/1.1 200 OK"))
        let old = try await exchange(server, "GET /healthz HTTP/1.0\r\n\r\n")
        #expect(old.hasPrefix("HTTP/1.0 200 OK") && old.hasSuffix("ok\n"))
        #expect(try await exchange(server, "GET /heal", halfClose: true).contains("400") == true)
    }

    @Test func `a client that sends ahead and does not read costs no memory`() async throws {
        let server = try await WebServerProcess()
        _ = try await server.get("/app.js")
        let memory = server.memory
        let client = try TCPClient(port: server.port, receiveBuffer: 4096)
        let request = "GET /app.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
        await client.send(Array(String(repeating: request, count: 20_000).utf8), patience: 2)
        #expect(server.memory < memory + 16 << 20)
        #expect(await server.isWell())
    }

    @Test func `slow requests end after 10 s`() async throws {
        let server = try await WebServerProcess()
        let start = monotonicSeconds()
        let silent = try server.connect()
        let slow = try server.connect()
        await slow.send("GET / HTTP/1.1\r\n")
        var count = 0
        let isClosed = await eventually(within: 30) {
            count += 1
            if count % 100 == 0 { await slow.send("X\(count): y\r\n") }
            return slow.receive() == nil
        }
        #expect(isClosed)
        #expect(monotonicSeconds() - start > 8)
        #expect(await silent.isClosedByPeer(within: 10))
    }

    @Test func `the 65th connection gets 503, and a place when one is free`() async throws {
        let server = try await WebServerProcess()
        var held: [TCPClient] = []
        for _ in 0..<64 { held.append(try server.connect()) }
        for client in held { await client.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n") }
        #expect(await eventually { held.allSatisfy { $0.receive()?.isEmpty == false } })
        for _ in 0..<200 {
            let reply = try await server.get("/healthz")
            #expect(reply.status == 503 && reply.headers["retry-after"] == "5")
        }
        held.removeLast().close()
        #expect(try await eventually(within: 20) { try await server.get("/healthz").status == 200 })
        held = []
        #expect(try await eventually(within: 20) { try await server.get("/healthz").status == 200 })
    }

    @Test func `a client that stops reading is closed in the end`() async throws {
        let daemon = try await FedDaemon()
        let server = try await WebServerProcess(socket: daemon.socket)
        try await server.waitForDaemon()
        let client = try TCPClient(port: server.port, receiveBuffer: 4096)
        await client.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        // 17 estimates a second fill the buffers within seconds.
        try await daemon.makeChanges(1000)
        let descriptors = server.descriptors
        #expect(await eventually(within: 90) { server.descriptors < descriptors })
    }

    @Test func `random and mutated bytes do no harm`() async throws {
        let server = try await WebServerProcess()
        var random = SplitMix(state: UInt64.random(in: 0...UInt64.max))
        let seeds = [
            "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /api/v1/history?since=1&limit=5 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "HEAD /api/v1/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 5\r\n\r\n",
            "GET /api/v1/events?source=radio HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 5\r\n\r\n",
            "POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "GET /?token=a%20b&c HTTP/1.0\r\nCookie: genred_token=x; y=z\r\nAuthorization: Bearer q\r\n\r\n",
        ].map { Array($0.utf8) }
        let memory = server.memory
        let end = monotonicSeconds() + 2
        var rounds = 0
        while monotonicSeconds() < end {
            rounds += 1
            var bytes = seeds.randomElement(using: &random)!
            if Bool.random(using: &random) { bytes += seeds.randomElement(using: &random)! }
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: bytes[..<place], at: place)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            guard let client = try? server.connect() else { continue }
            await client.send(bytes, patience: 1)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: client.reset()
            case 1: client.endSending()
            default: client.close()
            }
        }
        #expect(rounds > 20)
        #expect(await eventually(within: 20) { await server.isWell() }, "\(server.log)")
        #expect(server.memory < memory + 64 << 20)
        #expect(!server.log.contains("Fatal"))
    }
}
