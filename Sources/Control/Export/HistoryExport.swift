// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// Writes the history in a format for other programs.
struct HistoryExport {
    let format: ExportFormat
    /// The time at which the output's seconds begin; nil for the earliest beginning in the output.
    let origin: Timestamp?

    /// Bytes that are collected before they are written.
    private static let chunk = 64 * 1024

    /// - Parameter write: takes the next bytes of the output.
    /// - Returns: the number of spans.
    func run(_ client: ControlClient, source: String?, since: Timestamp?, write: ([UInt8]) -> Void) throws -> Int {
        let spans = try HistorySpans(client, source: source, since: since)
        var formatter = try formatter(client, spans)
        var waiting = Array(try formatter.begin().utf8)
        var count = 0
        try spans.read { span in
            count += 1
            waiting += try formatter.process(span).utf8
            guard waiting.count >= Self.chunk else { return }
            write(waiting)
            waiting.removeAll(keepingCapacity: true)
        }
        waiting += try formatter.finish().utf8
        if !waiting.isEmpty { write(waiting) }
        return count
    }

    private func formatter(_ client: ControlClient, _ spans: HistorySpans) throws -> any SpanFormatter {
        var earliest: Timestamp?
        var sources: Set<String> = []
        if origin == nil || format == .audacity {
            // A pass of its own: the spans of other sources can begin earlier than the first that ends.
            try spans.read { span in
                earliest = min(earliest ?? span.start, span.start)
                sources.insert(span.source)
            }
        }
        let origin = origin ?? earliest ?? .now
        return switch format {
        case .csv: CSVFormatter(origin: origin)
        // The text for people is not an export; HistoryCommand prints it.
        case .jsonl, .text: JSONLinesFormatter(origin: origin)
        case .audacity: AudacityFormatter(origin: origin, hasSeveralSources: sources.count > 1)
        case .jams: JAMSFormatter(origin: origin, description: try client.describe())
        }
    }
}
