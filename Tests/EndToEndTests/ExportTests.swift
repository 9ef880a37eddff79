// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// `genrectl history --format` with the history of a real daemon that was stopped and started again.
    @Suite(.timeLimit(.minutes(2)), .enabled(if: Programs.has("sox"), "sox makes the audio")) struct ExportTests {
        private let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            try folder.makeAlternatingAudio()
        }

        private func daemon(pace: String) throws -> RunningDaemon {
            try RunningDaemon(
                sources: ["radio", "tv"].map { ($0, "file:\(folder.file("set.wav"))?loop=true&pace=\(pace)") },
                arguments: ["--history", folder.file("h.sqlite")])
        }

        private func export(_ daemon: RunningDaemon, _ options: String...) throws -> String {
            try Programs.run(
                Programs.built("genrectl"), ["history", "--socket", daemon.socket, "--format"] + options)
        }

        private struct Line: Decodable {
            var source: String
            var start: Double
            var end: Double
            var startUTC: String
            var endUTC: String
            var label: String
            var seq: Int?

            enum CodingKeys: String, CodingKey {
                case source, start, end, label, seq
                case startUTC = "start_utc"
                case endUTC = "end_utc"
            }
        }

        private func lines(_ text: String) throws -> [Line] {
            try text.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        }

        @Test func `the spans are the history's changes, over a restart, and what lasts now comes last`() async throws {
            let first = try daemon(pace: "fast")
            let before = try await first.client()
            let hasChanges = try await eventually(within: 60) {
                try ["radio", "tv"].allSatisfy { try before.history(source: $0).changes.count >= 30 }
            }
            #expect(hasChanges)
            first.process.terminate()
            #expect(await first.exit(within: 10) == 0)

            // At the pace of the clock it has no change in its first seconds.
            let second = try daemon(pace: "realtime")
            let client = try await second.client()
            let changes = try client.history(source: "radio", after: 0, limit: ControlLimits.historyMost).changes
            #expect(changes.last?.to == Change.stopped)
            let spans = try lines(export(second, "jsonl", "--source", "radio"))
            #expect(spans.count == changes.count + 1)
            #expect(spans.prefix(changes.count).map(\.label) == changes.map(\.from))
            #expect(spans.prefix(changes.count).map(\.endUTC) == changes.map(\.time))
            #expect(spans.prefix(changes.count).dropFirst().map(\.seq) == changes.dropLast().map(\.seq))
            #expect(spans.allSatisfy { $0.start <= $0.end && $0.label != Change.stopped })
            let (stopped, now) = (try #require(changes.last), try #require(spans.last))
            #expect(now.seq == nil && now.startUTC > stopped.time, "the time without genred belongs to a span")

            // The same without a source, for both.
            let all = try lines(export(second, "jsonl"))
            #expect(all.map(\.start).min() == 0 && Set(all.map(\.source)) == ["radio", "tv"])
            #expect(all.filter { $0.source == "radio" }.dropLast().map(\.endUTC) == changes.map(\.time))

            // From the middle of a span on. At this pace many are shorter than two milliseconds.
            let times = try changes.map { try #require(Timestamp(rfc3339: $0.time)) }
            let long = try #require(times.indices.dropLast().first { times[$0].adding(seconds: 0.002) < times[$0 + 1] })
            let middle = times[long].adding(seconds: 0.001)
            let rest = try lines(export(second, "jsonl", "--source", "radio", "--origin", middle.description))
            #expect(rest.first?.start == 0 && rest.first?.startUTC == middle.description)
            #expect(rest.first?.label == changes[long].to)

            let csv = try export(second, "csv", "--source", "radio")
            #expect(csv.unicodeScalars.count { $0 == "\r" } == spans.count + 1)
            let audacity = try export(second, "audacity")
            #expect(audacity.contains("\ttv: ") && audacity.contains("\tradio: "))
            let jams = try JSONSerialization.jsonObject(with: Data(try export(second, "jams").utf8)) as? [String: Any]
            #expect((jams?["annotations"] as? [Any])?.count == 2)
        }
    }
}
