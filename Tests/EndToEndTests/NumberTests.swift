// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// The numbers of changes, across kills, stops and reloads of the real daemon.
    @Suite(.timeLimit(.minutes(2)), .enabled(if: Programs.has("sox"), "sox makes the audio")) struct NumberTests {
        private let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            // Some hundred changes a second, which a client on a busy machine can take.
            try folder.makeAlternatingAudio(noise: 60, silence: 12)
            try configure(["radio", "studio"])
        }

        private func configure(_ sources: [String]) throws {
            let list = sources.map { "  - {name: \($0), uri: 'file:\(folder.file("set.wav"))?loop=true&pace=fast'}\n" }
            try "history: {path: \(folder.file("h.sqlite")), limit: 1000000}\nsources:\n\(list.joined())".write(
                toFile: folder.file("g.yaml"), atomically: true, encoding: .utf8)
        }

        private func daemon() throws -> RunningDaemon {
            try RunningDaemon(
                sources: [], arguments: ["--config", folder.file("g.yaml"), "--history", folder.file("h.sqlite")])
        }

        /// Everything after a number, in pages.
        private func replay(_ client: ControlClient, after: Int, page: Int) throws -> [Change] {
            var changes: [Change] = []
            while true {
                let result = try client.history(after: changes.last?.seq ?? after, limit: page)
                changes += result.changes
                if !result.more { return changes }
            }
        }

        /// Collects changes for some seconds, or until the daemon ends.
        private func listen(_ client: ControlClient, seconds: Double) -> [Change] {
            let deadline = ContinuousClock.now + .seconds(seconds)
            var changes: [Change] = []
            while ContinuousClock.now < deadline {
                guard let next = try? client.nextNotification(timeout: .milliseconds(20)) else { continue }
                if case .change(let change) = next { changes.append(change) }
            }
            return changes
        }

        @Test func `numbers grow over kills at random moments, never come twice, and all of them can be replayed`()
            async throws
        {
            var seen: [Change] = []
            var instances: Set<String> = []
            for _ in 0..<10 {
                let daemon = try daemon()
                let client = try await daemon.client()
                instances.insert(try client.describe().instance)
                _ = try client.subscribe(events: [.change])
                // What happened before the subscription comes from the history, as an outlet reads it.
                let missed = try replay(client, after: seen.last?.seq ?? 0, page: Int.random(in: 5...500))
                seen += missed
                let live = listen(client, seconds: Double.random(in: 0...0.9))
                kill(daemon.process.processIdentifier, SIGKILL)
                _ = await daemon.exit(within: 5)
                seen += live.filter { $0.seq > seen.last?.seq ?? 0 }
            }
            #expect(instances.count == 1)
            #expect(seen.count > 20)
            #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.seq < $1.seq })
            let last = try daemon()
            let kept = try await replay(last.client(), after: 0, page: 777)
            #expect(zip(kept, kept.dropFirst()).allSatisfy { $0.seq < $1.seq })
            let bySeq = Dictionary(uniqueKeysWithValues: kept.map { ($0.seq, $0) })
            for change in seen { #expect(bySeq[change.seq] ?? change == change, "another change has its number") }
            last.process.terminate()
            #expect(await last.exit(within: 5) == 0)
        }

        @Test func `stops, reloads and the removal of a source leave no hole, and subscribers hear every number`()
            async throws
        {
            var seen: [Change] = []
            for round in 0..<3 {
                try configure(["radio", "studio"])
                let daemon = try daemon()
                let client = try await daemon.client()
                _ = try client.subscribe(events: [.change])
                seen += try replay(client, after: seen.last?.seq ?? 0, page: 100)
                func follow(_ seconds: Double) {
                    for change in listen(client, seconds: seconds) where change.seq > seen.last?.seq ?? 0 {
                        seen.append(change)
                    }
                }
                follow(0.4)
                try configure(["radio"])
                let other = try await daemon.client()
                #expect(try other.reload() == ["source studio: removed"])
                follow(0.4)
                #expect(seen.contains { $0.source == "studio" && $0.to == Change.stopped })
                daemon.process.terminate()
                follow(2)
                #expect(await daemon.exit(within: 5) == 0)
                #expect(seen.last?.to == Change.stopped, "round \(round)")
            }
            #expect(seen.map(\.seq) == Array(1...seen.count))
        }
    }
}
