// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import GRDB

/// The conditions of a query for changes.
struct HistoryQuery {
    /// Nil for all sources.
    var source: String?
    /// Changes before this time are left out.
    var since: Timestamp
    /// Whether `since` leaves out much, not only changes that are too old to be kept.
    var isRecent: Bool
    /// Changes up to this `seq` are left out, and the oldest ones are read; nil to read the newest.
    var after: Int?
    var limit: Int

    func matches(_ entry: HistoryEntry) -> Bool {
        (source ?? entry.change.source) == entry.change.source && entry.ended >= since
            && entry.change.seq > after ?? .min
    }
}

extension HistoryDatabase {
    /// Reads the newest changes or, with `after`, the oldest ones, newest last.
    func changes(_ query: HistoryQuery) throws(HistoryError) -> [Change] {
        let (sql, arguments) = statement(query)
        return try read { db in
            let rows = try Row.fetchCursor(db, sql: sql, arguments: arguments)
            var changes: [Change] = []
            while let row = try rows.next() {
                changes.append(
                    Change(
                        source: try row.text(0), time: try row.time(1).description, position: try row.number(5),
                        from: try row.text(2), to: try row.text(3), confidence: try row.number(4),
                        lasted: try row.number(6), seq: try row.rowNumber(7) - offset, title: try row.optionalText(8)))
            }
            return query.after == nil ? changes.reversed() : changes
        }
    }

    func statement(_ query: HistoryQuery) -> (sql: String, arguments: StatementArguments) {
        var (condition, arguments) = selection(query)
        if let after = query.after {
            condition += " AND id > ? ORDER BY id"
            arguments += [after + offset]
        } else {
            condition += " ORDER BY id DESC"
        }
        return (
            "SELECT source, ended, label, next, confidence, position, lasted, id, title \(condition) LIMIT ?",
            arguments + [query.limit]
        )
    }

    /// Adds the time of each label that has ended. genred never writes a thousand different labels.
    func addTimes(_ query: HistoryQuery, to times: inout LabelTimes) throws(HistoryError) {
        let (condition, arguments) = selection(query)
        let since = query.since.milliseconds
        try read { db in
            let whole = try Row.fetchCursor(
                db, sql: "SELECT label, SUM(lasted) \(condition) AND began >= ? GROUP BY label LIMIT 1000",
                arguments: arguments + [since])
            while let row = try whole.next() { times.add(try row.text(0), seconds: try row.number(1)) }
            // The labels that `since` falls into: one for each source, or a few if the clock was set.
            let cut = try Row.fetchCursor(
                db, sql: "SELECT label, began, ended, lasted \(condition) AND began < ?",
                arguments: arguments + [since])
            while let row = try cut.next() {
                times.add(
                    try row.text(0), began: try row.time(1), ended: try row.time(2), lasted: try row.number(3))
            }
        }
    }

    /// Whether there is a change of a source.
    func hasChanges(of source: String) throws(HistoryError) -> Bool {
        try read { db in
            try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM changes WHERE source = ?)", arguments: [source])
                ?? false
        }
    }

    /// The query's condition, with the index that leaves the fewest rows to be read. SQLite has no statistics of the
    /// times and would guess.
    private func selection(_ query: HistoryQuery) -> (String, StatementArguments) {
        let since = query.since.milliseconds
        if let source = query.source {
            return ("FROM changes INDEXED BY changes_source WHERE source = ? AND ended >= ?", [source, since])
        }
        // After a number, the table itself is the index.
        return query.isRecent && query.after == nil
            ? ("FROM changes INDEXED BY changes_ended WHERE ended >= ?", [since])
            : ("FROM changes NOT INDEXED WHERE ended >= ?", [since])
    }
}
