// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// CSV as in RFC 4180, in UTF-8, with a header line.
struct CSVFormatter: SpanFormatter {
    static let columns = [
        "source", "start", "end", "duration", "start_utc", "end_utc", "label", "confidence", "title", "seq",
    ]

    let origin: Timestamp

    func begin() -> String { Self.record(Self.columns) }

    func process(_ span: Span) -> String {
        Self.record([
            Self.harmless(span.source), Seconds(from: origin, to: span.start).text,
            Seconds(from: origin, to: span.end).text, Seconds(from: span.start, to: span.end).text,
            span.start.description, span.end.description, Self.harmless(span.label),
            span.confidence.map { "\($0)" } ?? "", span.title.map(Self.harmless) ?? "",
            span.seq.map(String.init) ?? "",
        ])
    }

    func finish() -> String { "" }

    private static func record(_ fields: [String]) -> String { fields.map(field).joined(separator: ",") + "\r\n" }

    private static func field(_ text: String) -> String {
        // By code unit: to Swift, CR LF is one character.
        guard text.utf8.contains(where: { #",""#.utf8.contains($0) || $0 == 10 || $0 == 13 }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    /// A spreadsheet takes text that begins with one of these characters for a formula, which can run programs and send data
    /// away, and anybody can choose a title. An apostrophe in front makes it text (OWASP, "CSV injection").
    private static func harmless(_ text: String) -> String {
        switch text.unicodeScalars.first {
        case "=", "+", "-", "@", "\t", "\r", "\n", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}": "'" + text
        default: text
        }
    }
}
