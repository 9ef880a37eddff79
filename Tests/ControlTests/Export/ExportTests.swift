// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import Glibc
import TestSupport
import Testing

/// `genrectl history --format`, against a fake daemon with a long history.
@Suite(.serialized) struct ExportTests {
    /// Two sources that were removed from the configuration: "attic" changes every ten seconds, "cellar" once at the end,
    /// after a label that is as old as the first of "attic".
    private static let count = 5003

    private static func history() -> [Change] {
        var changes = (1..<count).map { seq in
            Change(
                source: "attic", time: Spans.time(Double(seq) * 10).description, position: Double(seq) * 10,
                from: seq == 1 ? "starting" : "jazz \(seq - 1)", to: seq == count - 1 ? "stopped" : "jazz \(seq)",
                confidence: 0.5, lasted: seq == 1 ? 3 : 10, seq: seq)
        }
        let end = Double(count) * 10
        changes.append(
            Change(
                source: "cellar", time: Spans.time(end).description, position: end, from: "rock", to: "stopped",
                confidence: 0, lasted: end, seq: count))
        return changes
    }

    private func daemon() throws -> FakeDaemon {
        var behaviour = FakeDaemon.Behaviour()
        behaviour.history = Self.history()
        return try FakeDaemon(behaviour)
    }

    private func objects(_ ending: Program.Ending) throws -> [[String: Any]] {
        #expect(ending.status == 0, "\(ending.error)")
        return try ending.lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    @Test func `an export is complete, whatever the most that one request returns`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let spans = try objects(Program.run("history", "attic", "--format", "jsonl", "--socket", daemon.path))
        #expect(spans.count == Self.count - 1)
        #expect(spans.map { $0["seq"] as? Int } == [nil] + (1..<Self.count - 1).map { $0 })
        #expect(spans[0]["start"] as? Double == 0 && spans[1]["start"] as? Double == 3)
        #expect(spans[0]["start_utc"] as? String == Spans.time(7).description)
        for (one, next) in zip(spans, spans.dropFirst()) {
            #expect(one["end"] as? Double == next["start"] as? Double)
        }
    }

    @Test func `every source is exported, and seconds count from the earliest beginning`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let spans = try objects(Program.run("history", "--format", "jsonl", "--socket", daemon.path))
        #expect(Set(spans.compactMap { $0["source"] as? String }) == ["attic", "cellar", "radio"])
        // The span of "cellar" began first and ended last.
        let starts = spans.compactMap { $0["start"] as? Double }
        #expect(starts.min() == 0)
        let first = try #require(spans.first { $0["start"] as? Double == 0 })
        #expect(first["source"] as? String == "cellar" && first["start_utc"] as? String == Spans.time(0).description)
        // "radio" is configured: its last span lasts until now.
        let last = try #require(spans.last?["end_utc"] as? String)
        #expect(spans.last?["source"] as? String == "radio")
        #expect(abs(Timestamp.now.seconds(since: try #require(Timestamp(rfc3339: last)))) < 60)
        #expect(spans.allSatisfy { ($0["duration"] as? Double ?? -1) >= 0 })
    }

    @Test func `the origin is the zero of the seconds, and the beginning unless --since says otherwise`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        func spans(_ options: String...) throws -> [[String: Any]] {
            let arguments = ["history", "attic", "--format", "jsonl", "--socket", daemon.path] + options
            let (output, error) = (Pipe(), Pipe())
            let process = try Program.start(arguments, output: output, error: error)
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            return try objects(Program.Ending(status: process.terminationStatus, output: text, error: ""))
        }
        let origin = Spans.time(1005).description
        let from = try spans("--origin", origin)
        #expect(from[0]["start"] as? Double == 0 && from[0]["end"] as? Double == 5)
        #expect(from[0]["label"] as? String == "jazz 100" && from[1]["start"] as? Double == 5)
        let earlier = try spans("--origin", origin, "--since", Spans.time(990).description)
        #expect(earlier[0]["start"] as? Double == -15 && earlier.count == from.count + 1)
        let since = try spans("--since", origin)
        #expect(since.count == from.count && since[0]["start"] as? Double == 0)
        #expect(try spans("--since", Spans.time(1e6).description).isEmpty)
    }

    @Test func `audacity's labels name the source only where there are several`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let all = try Program.run("history", "--format", "audacity", "--socket", daemon.path)
        #expect(all.status == 0 && all.lines.contains("0.000\t\(Self.count * 10).000\tcellar: rock"))
        let one = try Program.run("history", "cellar", "--format", "audacity", "--socket", daemon.path)
        #expect(one.output == "0.000\t\(Self.count * 10).000\trock\n")
    }

    @Test(.enabled(if: JAMSPackage.python != nil, "the jams package cannot be installed"))
    func `jams reads the export of several sources`() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let ending = try Program.run("history", "--format", "jams", "--socket", daemon.path)
        #expect(ending.status == 0)
        let folder = try TemporaryFolder()
        let file = try folder.write(ending.output, to: "a.jams")
        let script = """
            import jams, sys
            jam = jams.load(sys.argv[1], validate=True, strict=True)
            print(*[f"{a.sandbox.source}={len(a.data)}" for a in jam.annotations])
            """
        let counts = try Program.python(JAMSPackage.python ?? "", script, file)
        #expect(counts.hasPrefix("attic=\(Self.count - 1) cellar=1 radio="))
    }

    @Test func `options that contradict each other are refused`() throws {
        for (options, message) in [
            (["--format", "csv", "--totals"], "--totals has no --format csv"),
            (["--format", "jams", "--json"], "--json and --format jams exclude each other"),
            (["--format", "jsonl", "--limit", "5"], "--format jsonl has no --limit"),
            (["--origin", "today"], "--origin needs a --format"),
            (["--format", "csv", "--origin", "soon"], "--origin \"soon\" is not a time"),
            (["--format", "jams", "--since", "2h", "--origin", "1h"], "--since is before --origin"),
            (["--format", "xml"], "xml"),
        ] {
            let error = Pipe()
            let process = try Program.start(
                ["history", "--socket", "/nonexistent"] + options, output: FileHandle.nullDevice, error: error)
            let text = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 64 && text.contains(message), "\(text)")
        }
    }

    @Test
    func `an unknown source, a missing daemon and a full disk are errors, and nothing is printed for the first two`()
        throws
    {
        let daemon = try daemon()
        defer { daemon.stop() }
        let unknown = try Program.run("history", "nowhere", "--format", "csv", "--socket", daemon.path)
        #expect(unknown.status == 1 && unknown.output.isEmpty && unknown.error.contains("no source \"nowhere\""))
        let away = try Program.run("history", "--format", "csv", "--socket", "/nonexistent/s")
        #expect(away.status == 3 && away.output.isEmpty)
        let error = Pipe()
        let process = try Program.start(
            ["history", "--format", "csv", "--socket", daemon.path],
            output: try #require(FileHandle(forWritingAtPath: "/dev/full")), error: error)
        let text = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 1 && text.contains("cannot write the output"))
    }
}

extension Program {
    /// Runs a Python script with one argument and returns its output.
    static func python(_ python: String, _ script: String, _ argument: String) throws -> String {
        try Programs.run(python, ["-c", script, argument])
    }
}
