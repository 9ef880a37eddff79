// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// FIFOs whose writers die and whose names come and go.
    @Suite(.timeLimit(.minutes(1))) struct FIFOFaultTests {
        let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            // A write to a FIFO without a reader fails instead of ending the tests.
            signal(SIGPIPE, SIG_IGN)
        }

        func fifo(_ name: String) throws -> String {
            let path = folder.file(name)
            try #require(mkfifo(path, 0o600) == 0)
            return path
        }

        func waits(_ name: String, _ daemon: RunningDaemon, _ client: ControlClient) async throws -> Bool {
            try await eventually(within: 5) { try daemon.source(name, client).state == .waiting }
        }

        @Test(arguments: ["", "?rate=44100&channels=2&format=s16le"])
        func `a writer that dies in the middle of a frame does not shift the next one`(options: String) async throws {
            let path = try fifo("radio")
            let daemon = try RunningDaemon(sources: [("radio", "pipe:\(path)\(options)")])
            let client = try await daemon.client()
            _ = try client.subscribe(source: nil, events: [.estimate])
            let tone = RawAudio.quietTone(seconds: 4)
            let stream = (options.isEmpty ? RawAudio.header(dataBytes: UInt32(tone.count)) : []) + tone
            for missing in [1, 2, 3, 0] {
                try await PipeWriter(path).write(Array(stream.dropLast(missing)))
                #expect(try await waits("radio", daemon, client), "\(daemon.log)")
            }
            if options.isEmpty {
                // A header marks the next stream even if its writer opens the FIFO before the last one is at its end.
                let (first, second) = (try await PipeWriter(path), try await PipeWriter(path))
                first.write(Array(stream.dropLast(1)))
                second.write(stream)
            }
            _ = try await waits("radio", daemon, client)
            let levels = try daemon.estimates(client, seconds: 1).compactMap(\.level)
            #expect(levels.count > 40)
            #expect(levels.allSatisfy { -55 < $0 && $0 < -50 }, "\(levels)")
        }

        @Test func `writers that come and go all the time do not fill the log`() async throws {
            let path = try fifo("radio")
            let daemon = try RunningDaemon(sources: [("radio", "pipe:\(path)")])
            let client = try await daemon.client()
            // Slowly enough that the end of each is noticed, which would be two lines each.
            try Programs.run("/bin/sh", ["-c", "for i in $(seq 100); do echo no WAV > '\(path)'; sleep 0.01; done"])
            try await Task.sleep(for: .seconds(1.1))
            let tone = RawAudio.quietTone(seconds: 1)
            try await PipeWriter(path).write(RawAudio.header(dataBytes: UInt32(tone.count)) + tone)
            #expect(
                try await eventually(within: 5) { try daemon.source("radio", client).position > 0.9 }, "\(daemon.log)")
            #expect(daemon.log.contains("lines were left out before this one"), "\(daemon.log.suffix(1000))")
            #expect(daemon.log.count { $0 == "\n" } < 100)
        }

        @Test func `a FIFO is read after it is removed, replaced or created late`() async throws {
            let path = folder.file("radio")
            let daemon = try RunningDaemon(sources: [("radio", "pipe:\(path)")])
            let client = try await daemon.client()
            // The FIFO is missing at the start.
            #expect(await eventually(within: 5) { daemon.log.contains("make it first: mkfifo") }, "\(daemon.log)")
            _ = try fifo("radio")
            let tone = RawAudio.quietTone(seconds: 1)
            let first = try await PipeWriter(path)
            first.write(RawAudio.header(dataBytes: .max) + tone)
            // Removed while it is in use: the daemon reads on as long as the writer writes.
            unlink(path)
            try await Task.sleep(for: .seconds(1.5))
            #expect(first.write(tone + tone))
            let isHeard = try await eventually(within: 5) { try daemon.source("radio", client).position > 2.7 }
            #expect(isHeard, "\(daemon.log)")
            // Created again while the old writer is silent: the next writer uses the new FIFO.
            _ = try fifo("radio")
            try await PipeWriter(path).write(RawAudio.header(rate: 32_000, dataBytes: .max) + tone + tone)
            let isNextHeard = try await eventually(within: 5) {
                try daemon.source("radio", client).format?.contains("32000") == true
            }
            #expect(isNextHeard, "\(daemon.log)")
            #expect(!first.write(tone + tone))
            #expect(daemon.log.contains("was removed or replaced"))
        }
    }
}
