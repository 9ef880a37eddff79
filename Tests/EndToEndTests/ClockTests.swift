// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// The time of day changes while the daemon runs: no duration is measured by it.
    @Suite(.timeLimit(.minutes(1))) struct ClockTests {
        let folder: TemporaryFolder
        static let day: Int64 = 86_400

        /// The environment of a program whose clock `set` shifts.
        var environment: [String: String] {
            [
                "LD_PRELOAD": Programs.built("libShiftedClock.so"),
                "SHIFTED_CLOCK": folder.file("clock"),
            ]
        }

        init() throws {
            folder = try TemporaryFolder()
            try set(0)
        }

        /// Shifts the clock by seconds.
        func set(_ seconds: Int64) throws {
            let file = open(folder.file("clock"), O_WRONLY | O_CREAT, 0o600)
            defer { close(file) }
            var seconds = seconds
            try #require(pwrite(file, &seconds, 8, 0) == 8)
        }

        /// Seconds from now to a time that the daemon reported.
        func offset(_ time: String) throws -> Double {
            try #require(Timestamp(rfc3339: time)).seconds(since: .now)
        }

        @Test func `the clock is set a day ahead and a day back`() async throws {
            let fifo = folder.file("radio")
            #expect(mkfifo(fifo, 0o600) == 0)
            let tone = RawAudio.quietTone(seconds: 4)
            let file = folder.file("tone.wav")
            let stream = Data(RawAudio.header(dataBytes: UInt32(tone.count)) + tone)
            try stream.write(to: URL(fileURLWithPath: file))
            try """
            sources: [{name: radio, uri: "pipe:\(fifo)"}, {name: file, uri: "file:\(file)?loop=true"}]
            log: {summary: 1s}
            """.write(toFile: folder.file("genred.yaml"), atomically: true, encoding: .utf8)
            let daemon = try RunningDaemon(
                sources: [], arguments: ["--config", folder.file("genred.yaml")], environment: environment)
            let client = try await daemon.client()
            _ = try client.subscribe(source: "file", events: [.estimate])
            _ = try daemon.estimates(client, seconds: 6) { $0.state != .starting }
            for shift in [Self.day, -Self.day, 0] {
                try set(shift)
                try await PipeWriter(fifo).write(Array(stream))
                // Long enough for a summary and for the worker to look at its sources.
                let estimates = try daemon.estimates(client, seconds: 2.2)
                #expect(estimates.count >= 5 && estimates.allSatisfy { $0.state != .noSignal }, "\(daemon.log)")
                let last = try #require(estimates.last)
                #expect(try abs(offset(last.time) - Double(shift)) < 5)
                #expect(try client.status().uptime < 60)
                for change in try client.history(source: nil, since: nil, limit: 1000).changes {
                    #expect(0 <= change.lasted && change.lasted < 60)
                }
                let shown = try Programs.run(
                    Programs.built("genrectl"), ["--socket", daemon.socket, "current"], environment: environment)
                #expect(shown.matches(of: /for [\d.]+ s/).count == 2, "\(shown)")
            }
            // The changes are in the order in which they happened: each starts from the label that the last one led to.
            let changes = try client.history(source: nil, since: nil, limit: 1000).changes.filter {
                $0.source == "radio"
            }
            #expect(changes.count { $0.to == "no-signal" } == 3, "\(changes)")
            for (one, next) in zip(changes, changes.dropFirst()) { #expect(one.to == next.from) }
            // The summaries come once per second of real time.
            let summaries = daemon.log.matches(of: /file: in ([^:]*):/).map { String($0.output.1) }
            #expect(summaries.count >= 6 && summaries.allSatisfy { $0.hasSuffix(" s") }, "\(summaries)")
            daemon.process.terminate()
            #expect(await daemon.exit(within: 5) == 0)
            #expect(daemon.log.contains(/stopped after \d+ s/))
        }
    }
}
