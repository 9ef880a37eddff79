// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

@testable import genrectl

/// What each format's own readers make of it.
struct FormatTests {
    private let spans = Spans.hostile
    private let origin = Spans.time(0)

    private func python(_ script: String, _ file: String, python: String = "python3") throws -> Any {
        let path = python.hasPrefix("/") ? python : try #require(Programs.find(python))
        let output = try Programs.run(path, ["-c", script, file])
        return try JSONSerialization.jsonObject(with: Data(output.utf8), options: .fragmentsAllowed)
    }

    @Test func `seconds have three decimals`() {
        func text(_ milliseconds: Int64) -> String {
            Seconds(from: Timestamp(milliseconds: 5000), to: Timestamp(milliseconds: 5000 + milliseconds)).text
        }
        #expect(text(0) == "0.000" && text(7) == "0.007" && text(1234) == "1.234" && text(-1) == "-0.001")
        #expect(text(-61_020) == "-61.020" && text(31_536_000_000) == "31536000.000")
    }

    @Test func `CSV has a header, a line a span, CR LF, and quotes only where they are needed`() throws {
        let text = try Spans.text(
            CSVFormatter(origin: Spans.time(-1.5)),
            [
                Spans.span(0, 2.25, "jazz", confidence: 0.71, title: "A, \"B\"", seq: 42),
                Spans.span(3, 4, "silence"),
            ])
        #expect(
            text == """
                source,start,end,duration,start_utc,end_utc,label,confidence,title,seq\r
                radio,1.500,3.750,2.250,2026-01-31T08:00:00.000Z,2026-01-31T08:00:02.250Z,jazz,0.71,"A, ""B\""",42\r
                radio,4.500,5.500,1.000,2026-01-31T08:00:03.000Z,2026-01-31T08:00:04.000Z,silence,,,\r

                """)
    }

    @Test(.enabled(if: Programs.has("python3")))
    func `Python's csv reads every field back, and none begins as a formula`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(try Spans.text(CSVFormatter(origin: origin)), to: "a.csv")
        let script = """
            import csv, json, sys
            with open(sys.argv[1], newline="", encoding="utf-8") as file:
                print(json.dumps(list(csv.DictReader(file, strict=True))))
            """
        let rows = try #require(python(script, file) as? [[String: String]])
        #expect(rows.count == spans.count)
        for (row, span) in zip(rows, spans) {
            #expect(Set(row.keys) == Set(CSVFormatter.columns))
            #expect(row["start"].flatMap(Double.init) == span.start.seconds(since: origin))
            #expect(row["duration"].flatMap(Double.init) == span.end.seconds(since: span.start))
            #expect(row["start_utc"] == span.start.description && row["end_utc"] == span.end.description)
            #expect(row["label"] == span.label && row["source"] == span.source)
            #expect((row["confidence"].flatMap(Double.init)) == span.confidence)
            #expect(row["seq"].flatMap(Int.init) == span.seq)
            let title = try #require(row["title"])
            #expect(title == span.title ?? "" || title == "'" + (span.title ?? ""))
            #expect(!"=+-@\t\r\n＝".unicodeScalars.contains(title.unicodeScalars.first ?? "x"))
        }
    }

    @Test(.enabled(if: Programs.has("jq")))
    func `jq reads every value of JSON Lines back`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(try Spans.text(JSONLinesFormatter(origin: origin)), to: "a.jsonl")
        let objects = try JSONSerialization.jsonObject(
            with: Data(try Programs.run(try #require(Programs.find("jq")), ["-s", ".", file]).utf8))
        let rows = try #require(objects as? [[String: Any]])
        #expect(rows.count == spans.count)
        for (row, span) in zip(rows, spans) {
            #expect(Set(row.keys) == Set(CSVFormatter.columns))
            #expect(row["start"] as? Double == span.start.seconds(since: origin))
            #expect(row["end"] as? Double == span.end.seconds(since: origin))
            #expect(row["source"] as? String == span.source && row["title"] as? String == span.title)
            #expect(row["confidence"] as? Double == span.confidence && row["seq"] as? Int == span.seq)
        }
    }

    @Test func `an Audacity label is two numbers and a text on a line, with tabs between them`() throws {
        for hasSeveralSources in [true, false] {
            let text = try Spans.text(AudacityFormatter(origin: origin, hasSeveralSources: hasSeveralSources))
            let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            #expect(lines.last == "" && lines.count == spans.count + 1)
            for (line, span) in zip(lines, spans) {
                let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
                #expect(fields.count == 3)
                #expect(Double(fields[0]) == span.start.seconds(since: origin))
                #expect(Double(fields[1]) == span.end.seconds(since: origin))
                let source = span.source.replacing("\n", with: " ")
                #expect(fields[2] == (hasSeveralSources ? "\(source): \(span.label)" : span.label))
            }
        }
    }

    private let description = Description(
        name: "genred", version: "1.2.3", protocolVersion: 1, methods: [],
        model: ModelInfo(path: "", labels: ["jazz"], parameters: 1, card: ["nll": "1.45"]), instance: "an-instance")

    @Test(.enabled(if: JAMSPackage.python != nil, "the jams package cannot be installed"))
    func `the jams package validates a file and reads every observation back`() throws {
        let folder = try TemporaryFolder()
        let script = """
            import json, sys, warnings
            warnings.simplefilter("error", UserWarning)
            import jams
            jam = jams.load(sys.argv[1], validate=True, strict=True)
            assert jam.validate(strict=True)
            print(json.dumps({
                "duration": jam.file_metadata.duration,
                "sandbox": dict(jam.sandbox),
                "annotations": [{
                    "namespace": a.namespace, "source": a.sandbox.source, "seq": a.sandbox.seq, "title": a.sandbox.title,
                    "tool": a.annotation_metadata.annotation_tools, "time": a.time, "duration": a.duration,
                    "data": [[o.time, o.duration, o.value, o.confidence] for o in a.data],
                                    } for a in jam.annotations]}))
            """
        for spans in [spans, []] {
            let formatter = JAMSFormatter(origin: origin, description: description)
            let file = try folder.write(try Spans.text(formatter, spans), to: "a.jams")
            let jam = try #require(try python(script, file, python: JAMSPackage.python ?? "") as? [String: Any])
            #expect(jam["duration"] as? Double == (spans.isEmpty ? 0 : 1e6))
            let sandbox = try #require(jam["sandbox"] as? [String: String])
            #expect(
                sandbox == [
                    "genred": "1.2.3", "instance": "an-instance", "origin_utc": "2026-01-31T08:00:00.000Z",
                ])
            let annotations = try #require(jam["annotations"] as? [[String: Any]])
            let sources = Array(Set(spans.map(\.source))).sorted()
            #expect(annotations.map { $0["source"] as? String ?? "" } == sources)
            for annotation in annotations {
                let expected = spans.filter { $0.source == annotation["source"] as? String }
                #expect(annotation["namespace"] as? String == "tag_open")
                #expect(annotation["tool"] as? String == "genred 1.2.3")
                let data = try #require(annotation["data"] as? [[Any]])
                #expect(data.map { $0[0] as? Double } == expected.map { $0.start.seconds(since: origin) })
                #expect(data.map { $0[1] as? Double } == expected.map { $0.end.seconds(since: $0.start) })
                #expect(data.map { $0[2] as? String } == expected.map(\.label))
                #expect(data.map { $0[3] as? Double } == expected.map(\.confidence))
                let (seqs, titles) = (annotation["seq"] as? [Any], annotation["title"] as? [Any])
                #expect(try #require(seqs).map { $0 as? Int } == expected.map(\.seq))
                #expect(try #require(titles).map { $0 as? String } == expected.map(\.title))
            }
        }
    }
}
