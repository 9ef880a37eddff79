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
            // A writer whose reader goes is told so.
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
        func aWriterThatDiesInTheMiddleOfAFrameDoesNotShiftTheNext(options: String) async throws {
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
                // By its header, the next one is known even where it comes before the end of the last was seen.
                let (first, second) = (try await PipeWriter(path), try await PipeWriter(path))
                first.write(Array(stream.dropLast(1)))
                second.write(stream)
            }
            _ = try await waits("radio", daemon, client)
            let heard = try daemon.estimates(client, seconds: 1).compactMap(\.level)
            #expect(heard.count > 40)
            #expect(heard.allSatisfy { -55 < $0 && $0 < -50 }, "\(heard)")
        }

        @Test func writersThatComeAndGoAllTheTimeDoNotFillTheLog() async throws {
            let path = try fifo("radio")
            let daemon = try RunningDaemon(sources: [("radio", "pipe:\(path)")])
            let client = try await daemon.client()
            // So slowly that each one's end is seen: two lines each, if all were logged.
            try Programs.run("/bin/sh", ["-c", "for i in $(seq 100); do echo no WAV > '\(path)'; sleep 0.01; done"])
            try await Task.sleep(for: .seconds(1.1))
            let tone = RawAudio.quietTone(seconds: 1)
            try await PipeWriter(path).write(RawAudio.header(dataBytes: UInt32(tone.count)) + tone)
            #expect(
                try await eventually(within: 5) { try daemon.source("radio", client).position > 0.9 }, "\(daemon.log)")
            #expect(daemon.log.contains("lines were left out before this one"), "\(daemon.log.suffix(1000))")
            #expect(daemon.log.count { $0 == "\n" } < 100)
        }

        @Test func aFIFOThatIsRemovedReplacedOrMadeLaterIsHeard() async throws {
            let path = folder.file("radio")
            let daemon = try RunningDaemon(sources: [("radio", "pipe:\(path)")])
            let client = try await daemon.client()
            // Missing at the start.
            #expect(await eventually(within: 5) { daemon.log.contains("make it first: mkfifo") }, "\(daemon.log)")
            _ = try fifo("radio")
            let tone = RawAudio.quietTone(seconds: 1)
            let first = try await PipeWriter(path)
            first.write(RawAudio.header(dataBytes: .max) + tone)
            // Removed while it is written to: the writer is heard as long as it writes.
            unlink(path)
            try await Task.sleep(for: .seconds(1.5))
            #expect(first.write(tone + tone))
            let isHeard = try await eventually(within: 5) { try daemon.source("radio", client).position > 2.7 }
            #expect(isHeard, "\(daemon.log)")
            // Made anew beside a writer that says nothing any more: the next one uses the new one.
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
