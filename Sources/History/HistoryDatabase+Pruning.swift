// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import GRDB

/// Removal of old changes.
extension HistoryDatabase {
    /// Rows removed in one transaction, so that the write-ahead log stays small.
    private static let chunk = 10_000

    /// Removes the oldest changes of these sources beyond `limit`, a tenth of it at a time, so that it costs little.
    func prune(_ sources: Set<String>, limit: Int) throws(HistoryError) {
        for source in sources {
            var count = try self.count(of: source)
            guard count > limit + limit / 10 else { continue }
            while count > limit {
                let excess = min(count - limit, Self.chunk)
                try write { db in
                    try db.execute(
                        sql: """
                            DELETE FROM changes WHERE id IN
                            (SELECT id FROM changes INDEXED BY changes_source WHERE source = ? ORDER BY id LIMIT ?)
                            """, arguments: [source, excess])
                }
                count -= excess
            }
            counts[source] = count
        }
    }

    /// Removes the oldest changes of all sources beyond `most`.
    func prune(toTotal most: Int) throws(HistoryError) {
        let count = try read { db in try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM changes") ?? 0 }
        guard count > most + most / 10 else { return }
        try write { db in
            try db.execute(
                sql: "DELETE FROM changes WHERE id IN (SELECT id FROM changes ORDER BY id LIMIT ?)",
                arguments: [count - most])
        }
        counts = [:]
    }

    /// Removes changes whose label ended before `horizon`, if that is known, and each source's changes beyond `limit`.
    func pruneAll(before horizon: Timestamp?, limit: Int) throws(HistoryError) {
        while let horizon {
            let removed = try write { db in
                try db.execute(
                    sql: """
                        DELETE FROM changes WHERE id IN
                        (SELECT id FROM changes INDEXED BY changes_ended WHERE ended < ? LIMIT ?)
                        """, arguments: [horizon.milliseconds, Self.chunk])
                return db.changesCount
            }
            if removed < Self.chunk { break }
        }
        counts = [:]
        let sources = try read { db in
            try Row.fetchAll(db, sql: "SELECT DISTINCT source FROM changes").map { try $0.text(0) }
        }
        try prune(Set(sources), limit: limit)
    }

    private func count(of source: String) throws(HistoryError) -> Int {
        if let known = counts[source] { return known }
        let count = try read { db in
            try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM changes WHERE source = ?", arguments: [source]) ?? 0
        }
        counts[source] = count
        return count
    }
}
