// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// The history of the real daemon, across kills, stops and clock changes.
    @Suite(.timeLimit(.minutes(2)), .enabled(if: Programs.has("sox"), "sox makes the audio")) struct HistoryTests {
        private let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            try folder.makeAlternatingAudio()
            try "history: {path: \(folder.file("h.sqlite")), keep: 30d, limit: 1000000}\n".write(
                toFile: folder.file("g.yaml"), atomically: true, encoding: .utf8)
        }

        private func daemon(_ environment: [String: String] = [:], pace: String = "fast") throws -> RunningDaemon {
            try RunningDaemon(
                sources: [("radio", "file:\(folder.file("set.wav"))?loop=true&pace=\(pace)")],
                arguments: ["--config", folder.file("g.yaml"), "--history", folder.file("h.sqlite")],
                environment: environment)
        }

        private func history(_ client: ControlClient) throws -> [Change] {
            try client.history(source: "radio", limit: ControlLimits.historyMost).changes
        }

        /// Waits for a number of changes.
        private func changes(atLeast count: Int, _ client: ControlClient) async throws -> [Change] {
            var changes: [Change] = []
            #expect(
                try await eventually(within: 20) {
                    changes = try history(client)
                    return changes.count >= count
                }, "\(changes.count) of \(count) changes")
            return changes
        }

        /// Expects that between the changes of one run nothing is missing and nothing is repeated.
        private func expectWhole(_ changes: some Collection<Change>, _ comment: Comment = "") {
            for (one, next) in zip(changes, changes.dropFirst()) {
                #expect(one.to == next.from && one.position <= next.position, comment)
                guard one.to == next.from, one.position <= next.position else { return }
            }
            #expect(changes.first?.from == "starting", comment)
        }

        @Test func `a daemon that is killed comes back with all of its history but the last moment`() async throws {
            var before: [Change] = []
            for round in 1...3 {
                let daemon = try daemon()
                let seen = try await changes(atLeast: before.count + 100, daemon.client())
                kill(daemon.process.processIdentifier, SIGKILL)
                _ = await daemon.exit(within: 5)
                let next = try self.daemon(pace: "realtime")
                let kept = try await history(next.client())
                // It runs for less than a window, and so has no label of its own.
                _ = try await stop(next)
                #expect(kept.starts(with: seen), "round \(round): a change that was published is lost")
                #expect(kept.last?.to == Change.stopped)
                expectWhole(kept.dropFirst(before.count), "round \(round)")
                before = kept
                // That run adds a stop too, if it analysed any audio.
                let after = try self.daemon(pace: "realtime")
                before = try await history(after.client())
                #expect(before.starts(with: kept) && before.count <= kept.count + 1, "the stop is there twice")
                kill(after.process.processIdentifier, SIGKILL)
                _ = await after.exit(within: 5)
            }
        }

        @Test func `a stop in order loses nothing, and counts no time in between`() async throws {
            let first = try daemon()
            let seen = try await changes(atLeast: 50, first.client())
            #expect(try await stop(first) == 0)
            try await Task.sleep(for: .seconds(2))
            let second = try daemon(pace: "realtime")
            let client = try await second.client()
            let result = try client.history(source: "radio", limit: ControlLimits.historyMost, totals: true)
            #expect(result.changes.starts(with: seen))
            #expect(result.changes.last?.to == Change.stopped)
            expectWhole(result.changes)
            let sum = result.changes.reduce(0) { $0 + $1.lasted }
            let total = (result.totals ?? []).reduce(0) { $0 + $1.seconds }
            #expect(abs(total - sum) < 2, "the times of all labels add up to the audio")
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
                "LD_PRELOAD": Programs.built("libShiftedClock.so"), "SHIFTED_CLOCK": clock,
            ])
            let client = try await daemon.client()
            var changes: [Change] = []
            for shift: Int64 in [1, -1, 0, 0] {
                changes = try await self.changes(atLeast: changes.count + 30, client)
                try set(days: shift)
            }
            #expect(Set(changes.map { $0.time.prefix(10) }).count >= 3, "the clock was not changed")
            expectWhole(changes)
            #expect(try await stop(daemon) == 0)
        }

        private func stop(_ daemon: RunningDaemon) async throws -> Int32? {
            daemon.process.terminate()
            return await daemon.exit(within: 5)
        }
    }
}
