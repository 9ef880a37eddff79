import ControlProtocol
import Foundation
import Testing

extension EndToEndTests {
    /// What the real daemon remembers of its past, whatever happened to it.
    @Suite(.timeLimit(.minutes(2)), .enabled(if: Programs.has("sox"), "sox makes the audio")) struct HistoryTests {
        private let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            // Noise, then silence: two labels at least, again and again, as fast as the machine can.
            let sox = Programs.find("sox") ?? "sox"
            let format = ["-n", "-r", "22050", "-c", "1", "-b", "16"]
            try Programs.run(sox, format + [folder.file("n.wav"), "synth", "9", "pinknoise", "gain", "-20"])
            try Programs.run(sox, format + [folder.file("s.wav"), "synth", "6", "sine", "0", "gain", "-90"])
            try Programs.run(sox, [folder.file("n.wav"), folder.file("s.wav"), folder.file("set.wav")])
            try "history: {path: \(folder.file("h.sqlite")), keep: 30d, limit: 1000000}\n".write(
                toFile: folder.file("g.yaml"), atomically: true, encoding: .utf8)
        }

        private func daemon(_ environment: [String: String] = [:], pace: String = "fast") throws -> RunningDaemon {
            let daemon = try RunningDaemon(
                sources: [("radio", "file:\(folder.file("set.wav"))?loop=true&pace=\(pace)")],
                arguments: ["--config", folder.file("g.yaml"), "--history", folder.file("h.sqlite")],
                environment: environment)
            return daemon
        }

        /// The changes that the log tells of, as `from>to`.
        private func logged(_ daemon: RunningDaemon) -> [String] {
            daemon.log.split(separator: "\n").compactMap { line in
                line.firstMatch(of: /info radio: ([a-z-]+) -> ([a-z-]+)[ ,]/).map { "\($0.1)>\($0.2)" }
            }
        }

        private func history(_ client: ControlClient) throws -> [Change] {
            try client.history(source: "radio", limit: ControlLimits.historyMost).changes
        }

        @Test func `a daemon that is killed comes back with all of its history but the last moment`() async throws {
            var expected: [String] = []
            for round in 1...3 {
                let daemon = try daemon()
                let client = try await daemon.client()
                #expect(try await wait(20) { logged(daemon).count > 100 })
                let seen = try history(client).count
                kill(daemon.process.processIdentifier, SIGKILL)
                _ = try await daemon.exit(within: 5)
                let changes = logged(daemon)
                let next = try self.daemon(pace: "realtime")
                let kept = try await history(next.client()).map { "\($0.from)>\($0.to)" }
                _ = try await stop(next)
                let new = Array(kept.dropFirst(expected.count))
                #expect(Array(kept.prefix(expected.count)) == expected, "round \(round): what was there stays there")
                #expect(new.last?.hasSuffix(">stopped") == true)
                #expect(Array(new.dropLast()) == Array(changes.prefix(new.count - 1)), "in order, none twice")
                #expect(kept.count > seen - 1, "what was shown once is never lost")
                // The second daemon was not heard long enough for a label of its own.
                expected = kept + ["starting>stopped"]
            }
        }

        @Test func `a stop in order loses nothing, and counts no time in between`() async throws {
            let first = try daemon()
            _ = try await first.client()
            #expect(try await wait(20) { logged(first).count > 50 })
            #expect(try await stop(first) == 0)
            let changes = logged(first)
            try await Task.sleep(for: .seconds(2))
            let second = try daemon(pace: "realtime")
            let client = try await second.client()
            let result = try client.history(source: "radio", limit: ControlLimits.historyMost, totals: true)
            #expect(result.changes.dropLast().map { "\($0.from)>\($0.to)" } == changes)
            #expect(result.changes.last?.to == Change.stopped)
            let sum = result.changes.reduce(0) { $0 + $1.lasted }
            let total = (result.totals ?? []).reduce(0) { $0 + $1.seconds }
            #expect(abs(total - sum) < 2, "the time of all labels is the audio that was heard")
            #expect(try await stop(second) == 0)
        }

        @Test func `a clock that is set a day ahead, and two days back, loses nothing and keeps the order`()
            async throws
        {
            let clock = folder.file("clock")
            func set(days: Int64) throws {
                let file = open(clock, O_WRONLY | O_CREAT, 0o600)
                defer { close(file) }
                var seconds = days * 86_400
                try #require(pwrite(file, &seconds, 8, 0) == 8)
            }
            try set(days: 0)
            let daemon = try daemon([
                "LD_PRELOAD": Programs.folder.appendingPathComponent("libShiftedClock.so").path, "SHIFTED_CLOCK": clock,
            ])
            let client = try await daemon.client()
            var days: Set<String> = []
            for shift: Int64 in [1, -1, 0] {
                let before = logged(daemon).count
                #expect(try await wait(20) { logged(daemon).count > before + 30 })
                try set(days: shift)
            }
            let before = logged(daemon).count
            #expect(try await wait(20) { logged(daemon).count > before + 30 })
            let changes = try history(client)
            days.formUnion(changes.map { String($0.time.prefix(10)) })
            let told = logged(daemon)
            #expect(days.count >= 3, "the clock was really set: \(days)")
            #expect(changes.map { "\($0.from)>\($0.to)" } == Array(told.prefix(changes.count)))
            #expect(changes.count > told.count - 2000, "all but what came meanwhile")
            #expect(try await stop(daemon) == 0)
        }

        private func stop(_ daemon: RunningDaemon) async throws -> Int32? {
            daemon.process.terminate()
            return try await daemon.exit(within: 5)
        }
    }
}
