// SPDX-License-Identifier: GPL-3.0-or-later

import GRDB

@testable import History

/// Makes a history's file as genred 0.1 made it, before changes had numbers and titles.
enum OldHistory {
    static func make(at path: String, changes: Int, deleting deleted: ClosedRange<Int>) throws {
        var configuration = Configuration()
        configuration.prepareDatabase { db in _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL") }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.write { db in
            try db.execute(
                sql: """
                    PRAGMA application_id = \(0x4745_4E52);
                    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
                    INSERT INTO grdb_migrations VALUES ('1');
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
            let start = HistoryFixture.start.milliseconds
            for index in 0..<changes {
                let ended = start + Int64(index) * 1000
                try db.execute(
                    sql: """
                        INSERT INTO changes (source, began, ended, label, next, confidence, position, lasted)
                        VALUES ('radio', ?, ?, ?, ?, 0.5, ?, 1)
                        """, arguments: [ended - 1000, ended, "\(index)", "\(index + 1)", Double(index)])
            }
            try db.execute(
                sql: "DELETE FROM changes WHERE id BETWEEN ? AND ?",
                arguments: [deleted.lowerBound, deleted.upperBound])
            let end = start + Int64(changes) * 1000
            try db.execute(
                sql: "INSERT INTO open_labels VALUES ('radio', 'old', ?, ?, ?, ?, 7)",
                arguments: ["\(changes)", end, end + 7000, Double(changes)])
        }
        try queue.close()
    }
}
