// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import GRDB
import Glibc

/// The file that the history is kept in (or its likeness in memory): every change, and of each source the label that
/// lasts still, so that a daemon that is killed leaves behind how long that had lasted.
///
/// Not shared: the actor `History` alone has it. Every method may wait for the disk.
final class HistoryDatabase {
    /// Nil in memory.
    let path: String?
    let queue: DatabaseQueue
    private let lock: HistoryLock?
    /// Which file it is, to see that somebody has removed it.
    private let identity: [UInt64]
    /// Whose open labels are our own.
    private let run: String
    /// How many changes there are of each source that was written to.
    var counts: [String: Int] = [:]

    /// Opens the file or makes it, and closes the labels that another run left open.
    ///
    /// - Parameters:
    ///   - path: nil for memory.
    ///   - run: tells this run of the daemon from those before.
    ///   - makesFolders: whether all of the folders above may be made, or only the last one: the others are not ours.
    init(path: String?, run: String, makesFolders: Bool = false) throws(HistoryError) {
        self.path = path
        self.run = run
        var configuration = GRDB.Configuration()
        configuration.label = "genred.history"
        configuration.busyMode = .timeout(2)
        guard let path else {
            lock = nil
            identity = []
            do {
                queue = try DatabaseQueue(configuration: configuration)
                try HistorySchema.migrator.migrate(queue)
            } catch {
                throw HistoryError(error, path: "the history in memory")
            }
            return
        }
        try Self.makeFolder(of: path, isDeep: makesFolders)
        lock = try HistoryLock(for: path)
        try DatabaseHeader.check(path)
        configuration.prepareDatabase { db in
            try HistorySchema.check(db, path: path)
            // What was written is there after a kill, without a sync for each change, and a reader with sqlite3 disturbs
            // nobody. Where the file system cannot do it, SQLite's default is slower and as safe. (Not by GRDB's own
            // setting, which makes a table and drops it.)
            if try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL") == "wal" {
                try db.execute(sql: "PRAGMA synchronous = NORMAL")
            }
        }
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw error as? HistoryError ?? HistoryError(error, path: path)
        }
        identity = Self.identity(of: path)
        do {
            try HistorySchema.migrator.migrate(queue)
            try queue.write { db in try Self.closeLabels(of: run, db) }
        } catch {
            try? queue.close()
            throw error as? HistoryError ?? HistoryError(error, path: path)
        }
    }

    /// Whether the file is still where it was opened.
    var isInPlace: Bool { path.map { Self.identity(of: $0) == identity } ?? true }

    /// Writes changes in their order, and the labels that last now (nil for none), all of it or nothing.
    func write(_ entries: [HistoryEntry], open: [String: OpenLabel?]) throws(HistoryError) {
        try write { db in
            for entry in entries { try Self.insert(entry, db) }
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
            // Of a source that was not written to before, the number is counted when it is needed.
            if let known = counts[source] { counts[source] = known + count }
        }
    }

    /// What the log says of it when it is opened.
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

    private static func insert(_ entry: HistoryEntry, _ db: Database) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO changes (source, began, ended, label, next, confidence, position, lasted)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
        let change = entry.change
        try statement.execute(arguments: [
            change.source, entry.began.milliseconds, entry.ended.milliseconds, change.from, change.to,
            change.confidence, change.position, change.lasted,
        ])
    }

    /// What a daemon that was killed had open ends where it was last seen.
    private static func closeLabels(of run: String, _ db: Database) throws {
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
            try insert(label.stop, db)
        }
        try db.execute(sql: "DELETE FROM open_labels WHERE run <> ?", arguments: [run])
    }

    private static func makeFolder(of path: String, isDeep: Bool) throws(HistoryError) {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        let folder = String(path[..<slash])
        if mkdir(folder, 0o700) == 0 || errno == EEXIST { return }
        if errno == ENOENT, isDeep {
            try makeFolder(of: folder, isDeep: true)
            if mkdir(folder, 0o700) == 0 || errno == EEXIST { return }
        }
        throw HistoryError("cannot make the folder \(folder) for the history", call: "mkdir")
    }

    private static func identity(of path: String) -> [UInt64] {
        var status = stat()
        return stat(path, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : []
    }
}

/// The tables, and how those of older versions become these.
enum HistorySchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(sql: "PRAGMA application_id = \(DatabaseHeader.applicationID)")
            // Times are milliseconds since 1970, UTC; `id` is the order, whatever becomes of the clock.
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
        return migrator
    }

    /// Throws `foreign` for what another program or a newer genred has made.
    static func check(_ db: Database, path: String) throws {
        let identifier = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM sqlite_master") ?? 0
        guard identifier == DatabaseHeader.applicationID || tables == 0 else {
            throw DatabaseHeader.foreign(path, "is another program's database")
        }
        if tables == 0 { return }
        // The migrator would trap.
        let odd = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM grdb_migrations WHERE typeof(identifier) <> 'text'")
        if odd != 0 { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "its version cannot be read") }
        if try migrator.hasBeenSuperseded(db) {
            throw DatabaseHeader.foreign(path, "was written by a newer genred")
        }
    }
}
