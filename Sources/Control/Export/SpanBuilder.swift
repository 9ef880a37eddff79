// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// Makes spans of changes. It remembers one change for each source.
///
/// A span lasts from the change that began its label to the next change of the same source. The time between `stopped` and
/// the next start belongs to no span.
struct SpanBuilder {
    private var last: [String: Change] = [:]

    /// Takes the next change, and returns the span that it ends.
    mutating func process(_ change: Change) -> Span? {
        defer { last[change.source] = change }
        guard change.from != Change.stopped, let end = Timestamp(rfc3339: change.time) else { return nil }
        let before = last[change.source]
        let beforeTime = (before?.time).flatMap { Timestamp(rfc3339: $0) }
        // The beginning by the time that genred counted. That is all there is to know for the first label after a start.
        let counted = end.adding(seconds: -change.lasted)
        guard let before, before.to == change.from, let beforeTime else {
            // A file that is read fast has more seconds of audio than have passed since the label before it.
            let start = beforeTime.map { $0 <= end ? max($0, counted) : counted } ?? counted
            return Span(source: change.source, start: start, end: end, label: change.from)
        }
        // If the clock was set back in between, the label would end before it began.
        return Span(before, start: beforeTime <= end ? beforeTime : counted, end: end)
    }

    /// Returns the labels that still last, up to the time at which they were last known.
    ///
    /// - Parameter estimates: the present estimates, made after the last change.
    mutating func finish(_ estimates: [Estimate], now: Timestamp) -> [Span] {
        defer { last = [:] }
        return estimates.compactMap { estimate in
            guard let since = Timestamp(rfc3339: estimate.since), let heard = Timestamp(rfc3339: estimate.time) else {
                return nil
            }
            // A source without a signal has no new estimates; one that has ended has no more, and its label ended with it.
            let end = estimate.state == .noSignal ? max(heard, now) : heard
            let start = min(since, end)
            if let change = last[estimate.source], change.to == estimate.label,
                let time = Timestamp(rfc3339: change.time)
            {
                return Span(change, start: time <= end ? time : start, end: end)
            }
            return Span(
                source: estimate.source, start: start, end: end, label: estimate.label,
                confidence: Span.hasConfidence(estimate.label) ? estimate.confidence : nil, title: estimate.title)
        }
    }
}

extension Span {
    /// - Parameter change: the change that began the label.
    fileprivate init(_ change: Change, start: Timestamp, end: Timestamp) {
        self.init(
            source: change.source, start: start, end: end, label: change.to,
            confidence: Span.hasConfidence(change.to) ? change.confidence : nil, title: change.title, seq: change.seq)
    }
}
