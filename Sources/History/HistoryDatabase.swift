// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import GRDB
import Glibc

/// The history's database, in a file or in memory: every change, and each source's present label, so that a daemon that
/// is killed leaves behind how long that had lasted.
///
/// Only the actor `History` uses it. Every method may wait for the disk.
final class HistoryDatabase {
    /// The file's path; nil in memory.
    let path: String?
    let queue: DatabaseQueue
    /// The file that was opened, to detect that it has been removed; nil in memory.
    private let identity: FileIdentity?
    /// Identifies this run of the daemon: its open labels are not closed.
    private let run: String
    /// The number of changes of each source that was written to.
    var counts: [String: Int] = [:]
    /// The largest row number when the file was opened; 0 for an empty one.
    private(set) var last = 0
    /// A row's number minus the change's `seq`. It is 0 unless the file belongs to another instance than this run does.
    var offset = 0

    /// Opens the file or creates it, and closes the labels that another run left open.
    ///
    /// - Parameters:
    ///   - path: nil for memory.
    ///   - run: identifies this run of the daemon.
    ///   - least: the least number for the changes that end those labels.
    init(path: String?, run: String, least: Int = 1) throws(HistoryError) {
        self.path = path
        self.run = run
        var configuration = GRDB.Configuration()
        configuration.label = "genred.history"
        configuration.busyMode = .timeout(2)
        guard let path else {
            identity = nil
            do {
                queue = try DatabaseQueue(configuration: configuration)
                try HistorySchema.migrator.migrate(queue)
            } catch {
                throw HistoryError(error, path: "the history in memory")
            }
            return
        }
        try DatabaseHeader.check(path)
        configuration.prepareDatabase { db in
            try HistorySchema.check(db, path: path)
            // With a write-ahead log, changes survive a kill without a sync for each, and readers such as sqlite3 disturb
            // nobody. On a file system that does not support it, SQLite's default is slower and as safe. (GRDB's own
            // setting is not used: it creates a table and drops it.)
            if try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL") == "wal" {
                try db.execute(sql: "PRAGMA synchronous = NORMAL")
            }
        }
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw error as? HistoryError ?? HistoryError(error, path: path)
        }
        identity = FileIdentity(path: path)
        do {
            try HistorySchema.migrator.migrate(queue)
            last = try queue.write { db in try Self.closeLabels(of: run, least: least, db) }
        } catch {
            try? queue.close()
            throw error as? HistoryError ?? HistoryError(error, path: path)
        }
    }

    /// Whether the file is still where it was opened.
    var isInPlace: Bool { path.map { FileIdentity(path: $0) == identity } ?? true }

    /// Writes changes in their order, and the present labels (nil for a source without one), all of them or none.
    func write(_ entries: [HistoryEntry], open: [String: OpenLabel?]) throws(HistoryError) {
        try write { db in
            for entry in entries { try Self.insert(entry, id: entry.change.seq + offset, db) }
            let remove = try db.cachedStatement(sql: "DELETE FROM open_labels WHERE source = ?")
            let replace = try db.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO open_labels (source, run, label, began, until, position, lasted)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """)
            for (source, label) in open {
                guard let label else {
                    try remove.execute(arguments: [source])
                    continue
                }
                try replace.execute(arguments: [
                    source, run, label.label, label.began.milliseconds, label.until.milliseconds, label.position,
                    label.lasted,
                ])
            }
        }
        for (source, count) in Dictionary(grouping: entries, by: \.change.source).mapValues(\.count) {
            // The changes of a source that was not written to before are counted when the number is needed.
            if let known = counts[source] { counts[source] = known + count }
        }
    }

    /// The number of changes and the time of the oldest, for the log.
    func extent() throws(HistoryError) -> (changes: Int, oldest: Timestamp?) {
        try read { db in
            let count = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM changes") ?? 0
            let oldest = try Row.fetchOne(db, sql: "SELECT ended FROM changes ORDER BY id LIMIT 1")
            return (count, try oldest?.time(0))
        }
    }

    func close() { try? queue.close() }

    func read<Result>(_ body: (Database) throws -> Result) throws(HistoryError) -> Result {
        do {
            return try queue.read(body)
        } catch {
            throw HistoryError(error, path: path ?? "the history in memory")
        }
    }

    /// Runs `body` in a transaction.
    func write<Result>(_ body: (Database) throws -> Result) throws(HistoryError) -> Result {
        do {
            return try queue.write(body)
        } catch {
            throw HistoryError(error, path: path ?? "the history in memory")
        }
    }

    // MARK: - Steps

    private static func insert(_ entry: HistoryEntry, id: Int, _ db: Database) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO changes (id, source, began, ended, label, next, confidence, position, lasted, title)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        let change = entry.change
        try statement.execute(arguments: [
            id, change.source, entry.began.milliseconds, entry.ended.milliseconds, change.from, change.to,
            change.confidence, change.position, change.lasted, change.title,
        ])
    }

    /// Ends the labels that a killed daemon left open, at the time when they were last updated. Returns the largest row
    /// number then.
    private static func closeLabels(of run: String, least: Int, _ db: Database) throws -> Int {
        var last = try Int.fetchOne(db, sql: "SELECT MAX(id) FROM changes") ?? 0
        guard (0..<ChangeNumbers.largest).contains(last) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an impossible row number")
        }
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT source, label, began, until, position, lasted FROM open_labels WHERE run <> ?
                ORDER BY until, source
                """, arguments: [run])
        for row in rows {
            let label = OpenLabel(
                source: try row.text(0), label: try row.text(1), began: try row.time(2), until: try row.time(3),
                position: try row.number(4), lasted: try row.number(5), order: 0)
            last = max(least, last + 1)
            try insert(label.stop, id: last, db)
        }
        try db.execute(sql: "DELETE FROM open_labels WHERE run <> ?", arguments: [run])
        return last
    }
}

/// The tables, and the migrations from older versions.
enum HistorySchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(sql: "PRAGMA application_id = \(DatabaseHeader.applicationID)")
            // Times are milliseconds since 1970, UTC. `id` is the change's `seq` (see `HistoryDatabase.offset`): it gives
            // the order, even if the clock is set.
            try db.execute(
                sql: """
                    CREATE TABLE changes (
                        id INTEGER PRIMARY KEY, source TEXT NOT NULL, began INTEGER NOT NULL, ended INTEGER NOT NULL,
                        label TEXT NOT NULL, next TEXT NOT NULL, confidence REAL NOT NULL, position REAL NOT NULL,
                        lasted REAL NOT NULL
                    ) STRICT;
                    CREATE INDEX changes_source ON changes (source);
                    CREATE INDEX changes_ended ON changes (ended);
                    CREATE TABLE open_labels (
                        source TEXT PRIMARY KEY, run TEXT NOT NULL, label TEXT NOT NULL, began INTEGER NOT NULL,
                        until INTEGER NOT NULL, position REAL NOT NULL, lasted REAL NOT NULL
                    ) STRICT;
                    """)
        }
        migrator.registerMigration("2") { db in
            try db.execute(sql: "ALTER TABLE changes ADD COLUMN title TEXT")
        }
        return migrator
    }

    /// Throws `foreign` for a database of another program or of a newer genred.
    static func check(_ db: Database, path: String) throws {
        let identifier = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM sqlite_master") ?? 0
        guard identifier == DatabaseHeader.applicationID || tables == 0 else {
            throw DatabaseHeader.foreign(path, "is another program's database")
        }
        if tables == 0 { return }
        // The migrator would trap on such a value.
        let odd = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM grdb_migrations WHERE typeof(identifier) <> 'text'")
        if odd != 0 { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "its version cannot be read") }
        if try migrator.hasBeenSuperseded(db) {
            throw DatabaseHeader.foreign(path, "was written by a newer genred")
        }
    }
}
