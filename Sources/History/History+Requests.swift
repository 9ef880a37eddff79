// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// The answers to requests.
extension History {
    /// The answer to `history`.
    ///
    /// - Parameters:
    ///   - open: the labels that last now, one for each source.
    ///   - now: the time up to which they have lasted.
    package func result(
        _ params: HistoryParams, open: [OpenLabel], now: Timestamp = .now
    ) throws(RPCError) -> HistoryResult {
        flush()
        let oldest = now.adding(seconds: -settings.keep)
        let since = params.since?.time(now: now)
        let query = HistoryQuery(
            source: params.source, since: max(oldest, since ?? oldest), isRecent: since.map { $0 > oldest } ?? false,
            // A time in the future asks for nothing, not for changes that a clock which was ahead has left.
            limit: since.map { $0 > now } ?? false ? 0 : params.limit + 1)
        try checkSource(params.source, open: open)
        var result: HistoryResult
        if let after = params.after {
            var query = query
            query.after = min(after, ChangeNumbers.largest)
            // Without `since`, whatever the clock was: a reader that goes on from number to number misses nothing.
            if since == nil { query.since = Timestamp(milliseconds: .min) }
            result = try next(query, limit: params.limit)
        } else {
            result = newest(query, limit: params.limit)
        }
        if params.totals { result.totals = totals(query, open: open) }
        return result
    }

    private func newest(_ query: HistoryQuery, limit: Int) -> HistoryResult {
        guard query.limit > 0 else { return HistoryResult(changes: []) }
        var changes = read([]) { database throws(HistoryError) in try database.changes(query) }
        changes += waiting.entries.lazy.filter(query.matches).map(\.change)
        return HistoryResult(changes: changes.suffix(limit), more: changes.count > limit)
    }

    /// Reads on after a number. Throws if changes in the file cannot be read: a reader that went on would never get them.
    private func next(_ query: HistoryQuery, limit: Int) throws(RPCError) -> HistoryResult {
        guard query.limit > 0 else { return HistoryResult(changes: []) }
        var changes: [Change] = []
        if let after = query.after, after < lastWritten {
            let found: [Change]? = read(nil) { database throws(HistoryError) in try database.changes(query) }
            guard let found else {
                throw RPCError(
                    .historyUnavailable, "the changes after \(after) cannot be read from the disk now; try again later")
            }
            changes = found
        }
        changes += waiting.entries.lazy.filter(query.matches).map(\.change).prefix(query.limit)
        return HistoryResult(changes: Array(changes.prefix(limit)), more: changes.count > limit)
    }

    private func totals(_ query: HistoryQuery, open: [OpenLabel]) -> [LabelTime] {
        var times = LabelTimes(since: query.since)
        if query.limit > 0 {
            times = read(times) { database throws(HistoryError) in
                var times = times
                try database.addTimes(query, to: &times)
                return times
            }
        }
        for entry in waiting.entries where query.matches(entry) {
            times.add(entry.change.from, began: entry.began, ended: entry.ended, lasted: entry.change.lasted)
        }
        // A label that has ended since `open` was made is among the entries already.
        for label in open
        where (query.source ?? label.source) == label.source && label.order >= lastOrder[label.source] ?? 0 {
            times.add(label.label, began: label.began, ended: label.until, lasted: label.lasted)
        }
        return times.result
    }

    /// Reads from the file; returns `otherwise` if that is not possible now.
    private func read<Result>(
        _ otherwise: Result, _ body: (HistoryDatabase) throws(HistoryError) -> Result
    ) -> Result {
        guard let database else { return otherwise }
        do throws(HistoryError) {
            return try body(database)
        } catch {
            failed(error)
            return otherwise
        }
    }

    /// Throws for a source that was never known. A source that was removed still has its history.
    private func checkSource(_ name: String?, open: [OpenLabel]) throws(RPCError) {
        guard let name, !open.contains(where: { $0.source == name }) else { return }
        if waiting.entries.contains(where: { $0.change.source == name }) { return }
        if (try? database?.hasChanges(of: name)) == true { return }
        throw .unknownSource(name, known: open.map(\.source))
    }
}
