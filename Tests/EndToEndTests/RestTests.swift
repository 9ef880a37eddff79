// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// A daemon with nothing to report rests: only what listens wakes up, once an update.
    @Suite(.enabled(if: Programs.has("ffmpeg"), "ffmpeg is not installed"), .timeLimit(.minutes(2)))
    struct RestTests {
        /// Seconds until everything is over that a start begins, such as the return of memory.
        static let start = 13.0
        /// Longer than the interval at which labels are noted for the history.
        static let watched = 16.0

        @Test func `while a source plays, only its analysis and the hub wake up`() async throws {
            let station = Process()
            station.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            station.arguments =
                ["ffmpeg", "-v", "quiet", "-re", "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo"]
                + ["-c:a", "pcm_s16le", "-f", "wav", "-"]
            let audio = Pipe()
            station.standardOutput = audio
            try station.run()
            defer { station.terminate() }
            let folder = try TemporaryFolder()
            let manager = try NotifySocket(folder.file("notify"))
            let daemon = try RunningDaemon(
                sources: [("radio", "pipe:-")], arguments: ["--history", "none"],
                environment: ["NOTIFY_SOCKET": manager.path], input: audio.fileHandleForReading)
            // What clients ask for leaves nothing behind that wakes up.
            do {
                let client = try await daemon.client()
                _ = try client.history()
                _ = try client.reload()
                _ = try client.subscribe(events: [.estimate])
            }
            daemon.signal(SIGHUP)
            try await Task.sleep(for: .seconds(Self.start))
            let before = try wakeUps(of: daemon)
            try await Task.sleep(for: .seconds(Self.watched))
            let after = try wakeUps(of: daemon)

            #expect(after.keys.allSatisfy { before[$0] != nil }, "threads began: \(before), \(after)")
            var listening = 0
            for (thread, count) in after {
                let more = count - before[thread, default: 0]
                if thread.hasPrefix("analysis") {
                    listening += more
                } else if thread.hasPrefix("NIO") {
                    #expect(more <= Int(Self.watched), "\(thread)")
                } else {
                    #expect(more == 0, "\(thread)")
                }
            }
            #expect(listening >= Int(Self.watched * 2), "is it listening? \(after); \(daemon.log)")
        }

        /// How often each thread has slept and woken up, by its name and number.
        private func wakeUps(of daemon: RunningDaemon) throws -> [String: Int] {
            let folder = "/proc/\(daemon.process.processIdentifier)/task"
            var result: [String: Int] = [:]
            for thread in try FileManager.default.contentsOfDirectory(atPath: folder) {
                let text = try String(contentsOfFile: "\(folder)/\(thread)/status", encoding: .utf8)
                func value(_ name: String) -> Substring? {
                    text.split(separator: "\n").first { $0.hasPrefix("\(name):") }?.split(separator: "\t").last
                }
                let name = try #require(value("Name"))
                let count: Int = try #require(value("voluntary_ctxt_switches").flatMap { Int($0) })
                result["\(name) \(thread)"] = count
            }
            return result
        }
    }
}
