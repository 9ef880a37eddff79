// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// Many clients, slow clients and hostile clients of the real daemon.
    @Suite(.timeLimit(.minutes(3))) struct ClientTests {
        func daemon() throws -> RunningDaemon {
            // Silence without end, analysed as fast as the machine can: thousands of estimates.
            try RunningDaemon(
                sources: [("noise", "pipe:-?rate=22050&channels=1&format=s16le")],
                input: try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/zero")))
        }

        @Test func `ten of fifty clients never read`() async throws {
            let daemon = try daemon()
            let first = try await daemon.client()
            let deaf = try (0..<10).map { _ in try RawClient(daemon.socket) }
            let request = Array(#"{"jsonrpc":"2.0","id":1,"method":"subscribe"}"#.utf8) + [10]
            for client in deaf { #expect(await client.send(request)) }
            let listening = try (0..<39).map { _ in
                let client = try ControlClient(path: daemon.socket)
                _ = try client.subscribe(source: nil, events: [.estimate])
                return client
            }
            let memory = try first.status().memory
            for _ in 0..<3 {
                for client in listening {
                    var hasEstimate = false
                    while !hasEstimate, let notification = try client.nextNotification(timeout: .seconds(5)) {
                        if case .estimate = notification { hasEstimate = true }
                    }
                    #expect(hasEstimate)
                }
            }
            try await Task.sleep(for: .seconds(2))
            let status = try withExtendedLifetime(listening) { try first.status() }
            #expect(status.clients == 50)
            #expect(status.subscribers == 49)
            #expect(status.memory < memory + 64 << 20)
            // A client that reads again learns what it missed.
            var told = false
            while !told, let line = await deaf[0].line() { told = line.contains(#""method":"lost""#) }
            #expect(told)
        }

        @Test func `ten thousand hostile requests are answered and do no harm`() async throws {
            let daemon = try daemon()
            let client = try await daemon.client()
            let memory = try client.status().memory
            let good = [
                #"{"jsonrpc":"2.0","id":1,"method":"current","params":{"source":"noise"}}"#,
                #"{"jsonrpc":"2.0","id":"x","method":"history","params":{"since":"2026-01-01T00:00:00Z","limit":5}}"#,
                #"{"jsonrpc":"2.0","id":7,"method":"describe"}"#, #"{"jsonrpc":"2.0","id":7,"method":"sources"}"#,
            ].map { Array($0.utf8) }
            let last = Array(#"{"jsonrpc":"2.0","id":424242,"method":"sources"}"#.utf8)
            var generator = SystemRandomNumberGenerator()
            var raw = try RawClient(daemon.socket)
            var answered = 0
            for round in 0..<10_000 {
                var bytes = good[round % good.count]
                switch round % 5 {
                case 0: bytes = (0..<Int.random(in: 1...300)).map { _ in UInt8.random(in: 0...255, using: &generator) }
                case 1:
                    for _ in 0..<3 {
                        bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 0...255, using: &generator)
                    }
                case 2: bytes = Array(bytes.prefix(Int.random(in: 1..<bytes.count)))
                case 3: bytes = Array(repeating: UInt8(ascii: "["), count: Int.random(in: 1...5000))
                default: break
                }
                bytes.removeAll { $0 == 10 }
                // An empty line and a notification (a request without an id) get no answer: a request that does follows each.
                guard await raw.send(bytes + [10] + last + [10]) else {
                    raw = try RawClient(daemon.socket)
                    continue
                }
                while let line = await raw.line() {
                    #expect(line.hasPrefix("{"))
                    answered += 1
                    if line.contains("424242") { break }
                }
            }
            #expect(answered >= 10_000)
            let oversized = try RawClient(daemon.socket)
            #expect(await oversized.send([UInt8](repeating: 65, count: 3 << 20) + [10] + good[2] + [10]))
            #expect(await oversized.line()?.contains("error") == true)
            #expect(await oversized.line()?.contains("protocolVersion") == true)
            #expect(try client.status().memory < memory + 64 << 20)
            #expect(daemon.process.isRunning)
        }

        @Test func `the 257th client is refused with a message`() async throws {
            let daemon = try daemon()
            let first = try await daemon.client()
            let many = try (0..<255).map { _ in try RawClient(daemon.socket) }
            let full = try await eventually(within: 5) { try first.status().clients == 256 }
            #expect(full)
            let late = try RawClient(daemon.socket)
            #expect(await late.line()?.contains("256") == true)
            #expect(await late.line() == nil)
            withExtendedLifetime(many) {}
        }

        @Test func `a socket in use is not taken over, and a dead one is replaced`() async throws {
            let daemon = try daemon()
            _ = try await daemon.client()
            let message = try Programs.run(
                "/bin/sh",
                [
                    "-c",
                    "'\(Programs.built("genred"))' --socket '\(daemon.socket)' --history none --source a=file:/dev/null; test $? -ne 0",
                ])
            #expect(message.contains("another genred serves \(daemon.socket)"))
            _ = try await daemon.client()
            kill(daemon.process.processIdentifier, SIGKILL)
            _ = await daemon.exit(within: 5)
            #expect(FileManager.default.fileExists(atPath: daemon.socket))
            let next = Process()
            next.executableURL = URL(fileURLWithPath: Programs.built("genred"))
            next.arguments = [
                "--socket", daemon.socket, "--history", "none", "--source",
                "noise=pipe:-?rate=22050&channels=1&format=s16le",
            ]
            next.standardInput = FileHandle(forReadingAtPath: "/dev/zero")
            next.standardError = FileHandle.nullDevice
            try next.run()
            defer { next.terminate() }
            let answers = await eventually(within: 5) { (try? ControlClient(path: daemon.socket)) != nil }
            #expect(answers)
        }
    }
}
