// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// Clients use up all file descriptors of the daemon.
    @Suite(.timeLimit(.minutes(1))) struct DescriptorTests {
        @Test func `sources keep running without free descriptors, and the rest waits for them`() async throws {
            let folder = try TemporaryFolder()
            let (fifo, file) = (folder.file("radio"), folder.file("tone.wav"))
            #expect(mkfifo(fifo, 0o600) == 0)
            let tone = RawAudio.quietTone(seconds: 1)
            let stream = RawAudio.header(dataBytes: UInt32(tone.count)) + tone
            try Data(stream).write(to: URL(fileURLWithPath: file))
            let daemon = try RunningDaemon(
                sources: [("radio", "pipe:\(fifo)"), ("file", "file:\(file)?loop=true")], limits: "ulimit -n 64;")
            let client = try await daemon.client()
            var writer: PipeWriter? = try await PipeWriter(fifo)
            writer?.write(stream)
            #expect(try await daemon.isHeard("file", client))
            let usual = daemon.openSockets

            // The kernel completes the connections; those that the daemon cannot accept wait.
            var crowd = try (0..<64).map { _ in try RawClient(daemon.socket) }
            #expect(await eventually(within: 5) { daemon.log.contains("a client has to wait") }, "\(daemon.log)")
            let used = try client.status().cpu
            #expect(try await daemon.isHeard("file", client))
            try await Task.sleep(for: .seconds(1))
            // It does not retry all the time.
            #expect(try client.status().cpu < used + 0.5)

            // The FIFO must be opened again for the next writer, and that fails.
            writer = nil
            let isLost = try await eventually(within: 5) {
                try daemon.source("radio", client).lastError?.contains("LimitNOFILE") == true
            }
            #expect(isLost, "\(daemon.log)")
            withExtendedLifetime(crowd) {}
            crowd.removeAll()
            #expect(await eventually(within: 5) { daemon.openSockets <= usual })
            try await PipeWriter(fifo).write(stream + tone)
            #expect(
                try await eventually(within: 5) { try daemon.source("radio", client).position > 1.9 }, "\(daemon.log)")
            #expect(try await daemon.isHeard("file", client))
            _ = try ControlClient(path: daemon.socket)
        }
    }
}
