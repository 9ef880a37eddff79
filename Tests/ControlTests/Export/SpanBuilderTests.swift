// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import TestSupport
import Testing

@testable import genrectl

struct SpanBuilderTests {
    /// Changes of one source. The numbers are seconds after `Spans.start`.
    private func change(
        _ time: Double, _ from: String, _ to: String, lasted: Double, seq: Int, source: String = "radio"
    ) -> Change {
        Change(
            source: source, time: Spans.time(time).description, position: time, from: from, to: to, confidence: 0.5,
            lasted: lasted, seq: seq, title: "title \(seq)")
    }

    private func spans(_ changes: [Change], _ estimates: [Estimate] = [], now: Double = 1000) -> [Span] {
        var builder = SpanBuilder()
        return changes.compactMap { builder.process($0) } + builder.finish(estimates, now: Spans.time(now))
    }

    private func estimate(_ label: String, since: Double, time: Double, source: String = "radio") -> Estimate {
        let state = EstimateState(rawValue: label) ?? .genre
        return Estimate(
            source: source, time: Spans.time(time).description, position: 1, state: state,
            genre: state == .genre ? label : nil, confidence: 0.9, probabilities: [:],
            since: Spans.time(since).description, title: "now")
    }

    @Test func `a span lasts from a change to the next one, and the last until the newest estimate`() {
        let changes = [
            change(3, "starting", "jazz", lasted: 3, seq: 1), change(60, "jazz", "silence", lasted: 57, seq: 2),
            change(70, "silence", "blues", lasted: 10, seq: 5),
        ]
        #expect(
            spans(changes, [estimate("blues", since: 70, time: 99)]) == [
                Spans.span(0, 3, "starting"),
                Spans.span(3, 60, "jazz", confidence: 0.5, title: "title 1", seq: 1),
                // Silence has no confidence.
                Spans.span(60, 70, "silence", title: "title 2", seq: 2),
                Spans.span(70, 99, "blues", confidence: 0.5, title: "title 5", seq: 5),
            ])
    }

    @Test func `the time from a stop to the next start belongs to no span`() {
        let changes = [
            change(10, "starting", "jazz", lasted: 3, seq: 1), change(60, "jazz", "stopped", lasted: 50, seq: 2),
            change(103, "starting", "rock", lasted: 3, seq: 3), change(120, "rock", "stopped", lasted: 17, seq: 4),
        ]
        let spans = spans(changes)
        #expect(spans.map(\.label) == ["starting", "jazz", "starting", "rock"])
        #expect(spans.map(\.start) == [7, 10, 100, 103].map(Spans.time))
        #expect(spans.map(\.end) == [10, 60, 103, 120].map(Spans.time))
        #expect(spans.map(\.seq) == [nil, 1, nil, 3])
    }

    @Test func `a source that has started again and has not changed yet has a span of its present label`() {
        let stopped = [change(60, "jazz", "stopped", lasted: 50, seq: 2)]
        let spans = spans(
            stopped, [estimate("rock", since: 80, time: 95), estimate("pop", since: 5, time: 96, source: "tv")])
        #expect(
            spans.dropFirst() == [
                Spans.span(80, 95, "rock", confidence: 0.9, title: "now"),
                Spans.span(5, 96, "pop", confidence: 0.9, title: "now", source: "tv"),
            ])
    }

    @Test func `without a signal the last span lasts until now, and that of a file that has ended until its end`() {
        #expect(
            spans([], [estimate("no-signal", since: 20, time: 20)], now: 500) == [
                Spans.span(20, 500, "no-signal", title: "now")
            ])
        #expect(spans([], [estimate("jazz", since: 20, time: 90)], now: 500).map(\.end) == [Spans.time(90)])
    }

    @Test func `the spans of one source do not touch those of another`() {
        let changes = [
            change(10, "starting", "jazz", lasted: 3, seq: 1),
            change(20, "starting", "rock", lasted: 3, seq: 2, source: "tv"),
            change(30, "jazz", "pop", lasted: 20, seq: 3), change(50, "rock", "pop", lasted: 30, seq: 4, source: "tv"),
        ]
        let spans = spans(changes)
        #expect(spans.map(\.source) == ["radio", "tv", "radio", "tv"])
        #expect(spans.map(\.start) == [7, 17, 10, 20].map(Spans.time))
    }

    @Test func `a label over which the clock was set back has the length that genred counted`() {
        let changes = [
            change(3600, "starting", "jazz", lasted: 3, seq: 1),
            // After ten minutes of jazz, during which the clock was set back by an hour.
            change(600, "jazz", "pop", lasted: 600, seq: 2),
            change(700, "pop", "rock", lasted: 100, seq: 3),
        ]
        let spans = spans(changes, [estimate("rock", since: 700, time: 800)])
        #expect(spans.map(\.start) == [3597, 0, 600, 700].map(Spans.time))
        #expect(spans.map(\.end) == [3600, 600, 700, 800].map(Spans.time))
        // Set back within the label that still lasts: genred corrects the time since when it lasts.
        let open = self.spans(Array(changes.prefix(1)), [estimate("jazz", since: 0, time: 60)])
        #expect(open.last == Spans.span(0, 60, "jazz", confidence: 0.5, title: "title 1", seq: 1))
    }

    @Test func `a file that is read fast does not begin before the stop that precedes it`() {
        let changes = [
            change(60, "jazz", "stopped", lasted: 50, seq: 1), change(61, "starting", "rock", lasted: 3, seq: 2),
        ]
        #expect(spans(changes).last == Spans.span(60, 61, "starting"))
    }

    @Test func `a change that is missing leaves a gap and no wrong label`() {
        let changes = [
            change(10, "starting", "jazz", lasted: 3, seq: 1), change(90, "pop", "rock", lasted: 20, seq: 3),
        ]
        #expect(spans(changes).last == Spans.span(70, 90, "pop"))
    }

    @Test func `of a span that begins before the limit only the rest remains`() {
        let span = Spans.span(10, 20, "jazz", seq: 1)
        #expect(span.cut(at: nil) == span && span.cut(at: Spans.time(10)) == span)
        #expect(span.cut(at: Spans.time(15)) == Spans.span(15, 20, "jazz", seq: 1))
        #expect(span.cut(at: Spans.time(20)) == nil)
        // A label that lasted no time is a label all the same.
        #expect(Spans.span(10, 10, "jazz").cut(at: Spans.time(10)) != nil)
    }

    @Test func `no span ends before it begins, whatever the clock did`() {
        var generator = SplitMix(state: 3)
        let labels = ["jazz", "rock", "silence", "starting", "stopped"]
        for _ in 0..<300 {
            let changes = (1...40).map { seq in
                change(
                    Double.random(in: 0...100, using: &generator), labels.randomElement(using: &generator) ?? "",
                    labels.randomElement(using: &generator) ?? "", lasted: Double.random(in: 0...80, using: &generator),
                    seq: seq, source: ["radio", "tv"].randomElement(using: &generator) ?? "")
            }
            let estimates = ["radio", "tv"].map {
                estimate(
                    labels[Int.random(in: 0..<3, using: &generator)],
                    since: Double.random(in: 0...200, using: &generator),
                    time: Double.random(in: 0...200, using: &generator), source: $0)
            }
            let spans = spans(changes, estimates, now: 50)
            #expect(spans.allSatisfy { $0.start <= $0.end && $0.label != "stopped" })
            #expect(spans.count == changes.count { $0.from != "stopped" } + 2)
        }
    }
}

/// Spans of a day in January.
enum Spans {
    static let start = Timestamp(rfc3339: "2026-01-31T08:00:00Z") ?? Timestamp(milliseconds: 0)

    static func time(_ seconds: Double) -> Timestamp { start.adding(seconds: seconds) }

    static func span(
        _ start: Double, _ end: Double, _ label: String, confidence: Double? = nil, title: String? = nil,
        seq: Int? = nil,
        source: String = "radio"
    ) -> Span {
        Span(
            source: source, start: time(start), end: time(end), label: label, confidence: confidence, title: title,
            seq: seq)
    }

    /// Spans with everything that a format must cope with.
    static let hostile: [Span] =
        [
            "So What", "=HYPERLINK(\"http://evil.example/\",\"x\")", "+1", "-1", "@SUM(A1)", "\tx", "a,b", "\"",
            "\"\"\"",
            "two\r\nlines", "lf\nonly", "cr\ronly", "é 東京 🎷", "\\", "\\n", "", " ", "'", "nul\0", "\u{2028}", "＝1+1",
            "1\t2\t3", "{\"a\":1}", "null",
        ].enumerated().map { index, title in
            span(
                Double(index) * 10.001, Double(index + 1) * 10.001, index % 2 == 0 ? "jazz" : "no-music",
                confidence: Double(10 + index) / 100, title: title, seq: index + 1)
        } + [span(300, 300, "silence"), span(300, 1e6, "unsure", confidence: 0.25, source: "tv, \"left\"\n=1")]

    /// The text of a format.
    static func text(_ formatter: some SpanFormatter, _ spans: [Span] = hostile) throws -> String {
        var formatter = formatter
        return try formatter.begin() + spans.map { try formatter.process($0) }.joined() + formatter.finish()
    }
}
