// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Testing

@testable import genrectl

/// Tests of titles and of sources that have ended, as genrectl shows them.
@Suite(.serialized)
struct AnnotateTests {
    private func daemon() throws -> FakeDaemon {
        var behaviour = FakeDaemon.Behaviour()
        behaviour.sources = Programme.sources(2)
        return try FakeDaemon(behaviour)
    }

    @Test func `annotate prints the title as it is published, and refuses half a command`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let set = try Program.run("--socket", daemon.path, "annotate", "radio", "So What")
        #expect(set.status == 0 && set.lines == ["So What"])
        #expect(try Program.run("--socket", daemon.path, "annotate", "radio", "--clear").lines == ["no title"])
        #expect(
            try Program.run("--socket", daemon.path, "annotate", "radio", "", "--json").lines == [#"{"title":""}"#],
            "the fake does not clean it")
        #expect(try Program.run("--socket", daemon.path, "annotate", "radio").status == 64)
        #expect(try Program.run("--socket", daemon.path, "annotate", "radio", "x", "--clear").status == 64)
        #expect(try Program.run("--socket", daemon.path, "annotate", "attic", "x").status == 1)
        #expect(
            try Program.run("--socket", daemon.path, "annotate", "radio", "--", "--clear").lines == ["--clear"],
            "a title like an option")
    }

    private func estimate(_ source: String, title: String?) -> Estimate {
        Estimate(
            source: source, time: "2026-01-31T08:00:00.000Z", position: 65, state: .genre, genre: "jazz",
            confidence: 0.9, probabilities: ["jazz": 0.9, "rock": 0.1], since: "2026-01-31T07:59:00.000Z", level: -20,
            title: title)
    }

    @Test func `current shows a title, and a source that has ended as that`() throws {
        let now = try #require(Timestamp(rfc3339: "2026-01-31T08:00:00Z"))
        let lines = CurrentView.lines(
            [estimate("radio", title: "So What"), estimate("set", title: nil)], ended: ["set"], now: now
        ).map(\.plainText)
        #expect(lines[0].hasPrefix("radio   jazz") && lines[0].hasSuffix("-20 dB   So What"))
        #expect(lines[1].hasPrefix("set     ended ") && lines[1].hasSuffix("jazz at the end"), "\(lines[1])")
        #expect(!lines[1].contains("90 %"))
    }

    @Test func `the history has a column of titles when a change has one`() {
        func change(_ title: String?) -> Change {
            Change(
                source: "radio", time: "2026-01-31T08:00:00.000Z", position: 65, from: "rock", to: "jazz",
                confidence: 0.9, lasted: 60, seq: 1, title: title)
        }
        func text(_ changes: [Change]) -> [String] {
            HistoryView.lines(HistoryResult(changes: changes), labels: ["jazz", "rock"], since: nil).map(\.plainText)
        }
        #expect(!text([change(nil)])[0].contains("title"))
        let with = text([change(nil), change("So What")])
        #expect(with[0].hasSuffix("title") && with.last?.hasSuffix("So What") == true)
    }
}
