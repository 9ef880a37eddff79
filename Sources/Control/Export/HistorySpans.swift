// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// All spans of the history up to one moment, read page by page, so that a history of years takes little memory. Every
/// pass gives the same spans.
struct HistorySpans {
    /// Changes in one page: a third of a megabyte.
    static let page = 2000
    /// How often to begin again when labels change just while the present ones are read.
    private static let attempts = 20

    private let client: ControlClient
    private let source: String?
    private let since: Timestamp?
    /// The last change that counts.
    private let newest: Int
    private let estimates: [Estimate]
    private let now: Timestamp

    /// - Parameter since: where the first spans are cut; nil for everything that is kept.
    init(_ client: ControlClient, source: String?, since: Timestamp?) throws(ControlError) {
        func newestSeq() throws(ControlError) -> Int {
            try client.history(source: source, limit: 1).changes.last?.seq ?? 0
        }
        var newest = try newestSeq()
        var estimates: [Estimate] = []
        for _ in 0..<Self.attempts {
            // All of them: a source that is no longer configured has a history, but no estimate.
            estimates = try client.current()
            let before = newest
            newest = try newestSeq()
            if newest == before { break }
        }
        self.client = client
        self.source = source
        self.since = since
        self.newest = newest
        self.estimates = source.map { name in estimates.filter { $0.source == name } } ?? estimates
        now = .now
    }

    /// Calls `body` with each span, in the order in which they end. Those that still last come at the end, in the order of
    /// the configuration.
    func read(_ body: (Span) throws -> Void) throws {
        var builder = SpanBuilder()
        var position = 0
        while position < newest {
            let result = try client.history(
                source: source, since: since.map(Since.time), after: position, limit: Self.page)
            for change in result.changes where change.seq > position && change.seq <= newest {
                position = change.seq
                if let span = builder.process(change)?.cut(at: since) { try body(span) }
            }
            // The newest one can be missing by now: the daemon removes changes that are too old.
            guard result.more, let last = result.changes.last, last.seq <= newest else { break }
        }
        for span in builder.finish(estimates, now: now) {
            if let span = span.cut(at: since) { try body(span) }
        }
    }
}
