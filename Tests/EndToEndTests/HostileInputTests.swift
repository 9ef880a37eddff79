// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// Input that claims or brings too much: it costs the daemon no memory and disturbs no other source or client.
    @Suite(.timeLimit(.minutes(1))) struct HostileInputTests {
        let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            signal(SIGPIPE, SIG_IGN)
        }

        func daemon() throws -> (RunningDaemon, fifo: String) {
            let fifo = folder.file("fifo")
            mkfifo(fifo, 0o600)
            let daemon = try RunningDaemon(
                sources: [("silence", "pipe:-?rate=22050&channels=1&format=s16le"), ("fifo", "pipe:\(fifo)")],
                input: try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/zero")))
            return (daemon, fifo)
        }

        @Test func `a header that claims four gigabytes costs no memory`() async throws {
            let (daemon, fifo) = try daemon()
            let client = try await daemon.client()
            let tone = RawAudio.quietTone(seconds: 1)
            let memory = try daemon.memory
            // Four gigabytes of audio: accepted as they come. Of another chunk, or of the format chunk: refused.
            try await PipeWriter(fifo).write(RawAudio.header(dataBytes: 0xFFFF_FFFC) + tone)
            #expect(
                try await eventually(within: 5) { try daemon.source("fifo", client).position > 0.9 }, "\(daemon.log)")
            var header = RawAudio.header(dataBytes: .max)
            for place in [16, 40] {
                header.replaceSubrange(place..<(place + 4), with: [0xFF, 0xFF, 0xFF, 0xFF])
                if place == 40 { header.replaceSubrange(36..<40, with: Array("LIST".utf8)) }
                #expect(try await eventually(within: 5) { try daemon.source("fifo", client).state == .waiting })
                try await PipeWriter(fifo).write(header + tone)
                let isRefused = try await eventually(within: 5) {
                    try daemon.source("fifo", client).lastError?.contains("impossible size") == true
                }
                #expect(isRefused, "\(daemon.log)")
                header = RawAudio.header(dataBytes: .max)
            }
            let file = folder.file("claims.wav")
            try Data(RawAudio.header(dataBytes: 0xFFFF_FFFC) + tone).write(to: URL(fileURLWithPath: file))
            let other = try RunningDaemon(sources: [("file", "file:\(file)?pace=fast")])
            #expect(await other.exit(within: 10) == 0, "\(other.log)")
            #expect(try daemon.memory < memory + 16 << 20)
            #expect(try await daemon.isHeard("silence", client))
        }

        @Test func `a request of a million lines costs no memory`() async throws {
            let (daemon, _) = try daemon()
            let client = try await daemon.client()
            let memory = try daemon.memory
            // Each meaningless line gets an error. When nobody reads the errors, the daemon stops reading.
            let raw = try RawClient(daemon.socket)
            var bytes = [UInt8](repeating: UInt8(ascii: "\n"), count: 2_000_000)
            for index in stride(from: 0, to: bytes.count, by: 2) { bytes[index] = UInt8(ascii: "{") }
            #expect(await !raw.send(bytes, patience: .seconds(2)))
            // A request spread over several lines counts as several requests.
            let other = try RawClient(daemon.socket)
            let pretty = Array("{\n\"jsonrpc\":\"2.0\",\n\"id\":1,\n\"method\":\"current\"\n}\n".utf8)
            #expect(await other.send(pretty))
            for _ in 0..<5 { #expect(await other.line()?.contains("error") == true) }
            #expect(try daemon.memory < memory + 16 << 20)
            #expect(try await daemon.isHeard("silence", client))
        }

        @Test func `clients that are killed while they read leave nothing behind`() async throws {
            let (daemon, _) = try daemon()
            let client = try await daemon.client()
            #expect(try await daemon.isHeard("silence", client))
            let usual = daemon.openSockets
            for _ in 0..<3 {
                let watchers = try (0..<5).map { _ in
                    let watcher = Process()
                    watcher.executableURL = URL(fileURLWithPath: Programs.built("genrectl"))
                    watcher.arguments = ["--socket", daemon.socket, "watch", "--json"]
                    watcher.standardOutput = FileHandle.nullDevice
                    try watcher.run()
                    return watcher
                }
                #expect(try await eventually(within: 5) { try client.status().subscribers == 5 })
                for watcher in watchers { kill(watcher.processIdentifier, SIGKILL) }
                #expect(try await eventually(within: 5) { try client.status().clients == 1 })
            }
            #expect(await eventually(within: 5) { daemon.openSockets <= usual })
            #expect(try await daemon.isHeard("silence", client))
            #expect(!daemon.log.contains("error"), "\(daemon.log)")
        }
    }
}
