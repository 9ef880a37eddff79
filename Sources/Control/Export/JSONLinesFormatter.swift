// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// One JSON object a span.
struct JSONLinesFormatter: SpanFormatter {
    let origin: Timestamp

    /// The columns of the CSV format, but with null where nothing is known, and with titles as they are.
    private struct Line: Encodable {
        var source: String
        var start: Double
        var end: Double
        var duration: Double
        var startUTC: String
        var endUTC: String
        var label: String
        @OrNull var confidence: Double?
        @OrNull var title: String?
        @OrNull var seq: Int?

        enum CodingKeys: String, CodingKey {
            case source, start, end, duration, label, confidence, title, seq
            case startUTC = "start_utc"
            case endUTC = "end_utc"
        }
    }

    func begin() -> String { "" }

    func process(_ span: Span) throws -> String {
        try JSON.text(
            Line(
                source: span.source, start: Seconds(from: origin, to: span.start).value,
                end: Seconds(from: origin, to: span.end).value,
                duration: Seconds(from: span.start, to: span.end).value, startUTC: span.start.description,
                endUTC: span.end.description, label: span.label, confidence: span.confidence, title: span.title,
                seq: span.seq)) + "\n"
    }

    func finish() -> String { "" }
}
