// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import GRDB
import TestSupport
import Testing

@testable import History

private typealias Fixture = HistoryFixture

/// Tests of the history with full disks, damaged files and other programs' files.
struct HistoryFaultTests {
    @Test func `of two daemons with one file, the second keeps its changes in memory until the first is gone`()
        async throws
    {
        let fixture = try Fixture()
        let (first, second) = (fixture.history(), fixture.history())
        first.append(Fixture.entry("starting", "jazz", at: 3, lasted: 3))
        first.note([Fixture.label("jazz", from: 3, until: 20)])
        #expect(try await first.all() == ["starting>jazz"])
        second.append(Fixture.entry("starting", "rock", at: 30, lasted: 3))
        #expect(try await second.all() == ["starting>rock"])
        #expect(try await first.all() == ["starting>jazz"], "without the other daemon's changes")
        #expect(
            fixture.log.lines.last
                == "warning history: another genred keeps its history in \(fixture.path); give this one a file of its own"
                + " with history: {path:}; until then changes are kept in memory")
        first.append(Fixture.label("jazz", from: 3, until: 40).stop)
        await first.close()
        #expect(
            try await eventually {
                try await second.all(stops: true) == ["starting>jazz", "jazz>stopped", "starting>rock"]
            })
        #expect(fixture.log.lines.last == "notice history: written again, with 1 change that had been kept in memory")
        #expect(try await second.totals() == ["starting": 6, "jazz": 37])
        await second.close()
    }

    @Test func `a default path that is in use causes no warning`() async throws {
        let fixture = try Fixture()
        let (first, second) = (fixture.history(), fixture.history(isChosen: false))
        await first.open()
        await second.open()
        #expect(
            fixture.log.lines.contains { $0.hasPrefix("info history: another genred keeps its history in ") })
        #expect(!fixture.log.lines.contains { $0.hasPrefix("warning") })
        await first.close()
        await second.close()
    }

    @Test func `another program that locks the file makes nobody wait, and nothing is lost`() async throws {
        let fixture = try Fixture()
        let history = fixture.history()
        history.append(Fixture.entry("a", "b", at: 1, lasted: 1))
        #expect(try await history.all() == ["a>b"])
        let other = try DatabaseQueue(path: fixture.path)
        try await other.writeWithoutTransaction { db in
            try db.execute(sql: "BEGIN EXCLUSIVE")
            let start = ContinuousClock.now
            for index in 0..<1000 { history.append(Fixture.entry("\(index)", "x", at: 2, lasted: 1)) }
            #expect(.now - start < .seconds(1), "appending a thousand changes does not wait")
            // Until the history has tried and given up.
            while !fixture.log.lines.contains(where: { $0.contains("another program has") }) { usleep(10_000) }
            try db.execute(sql: "COMMIT")
        }
        #expect(try await eventually { try await history.all().count == 1001 })
        #expect(await eventually { fixture.log.lines.last?.contains("with 1000 changes") == true })
        await history.close()
    }

    @Test func `a damaged file is moved aside whole, and a new one is started`() async throws {
        let fixture = try Fixture()
        let first = fixture.history()
        for index in 0..<800 { first.append(Fixture.entry("\(index)", "x", at: Double(index), lasted: 1)) }
        await first.close()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
        for index in 4096..<bytes.count { bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
        try bytes.write(to: URL(fileURLWithPath: fixture.path))
        // The oldest copies are removed; a file that only looks like a copy stays.
        let copies = ["20250102T030405Z", "20250102T030406Z", "20250102T030406Z-wal", "20260102T030405Z", "mine"]
        for copy in copies { try Data().write(to: URL(fileURLWithPath: "\(fixture.path).damaged-\(copy)")) }
        let second = fixture.history()
        second.append(Fixture.entry("a", "b", at: 1000, lasted: 1))
        #expect(try await eventually { try await second.all() == ["a>b"] })
        #expect(
            await eventually {
                let aside = fixture.files.compactMap { $0.split(separator: ".damaged-").dropFirst().first }
                let old = aside.filter { copies.contains(String($0)) }
                let new = aside.filter { !copies.contains(String($0)) && $0.hasSuffix("Z") }
                return new.count == 1 && Set(old) == Set(copies.dropFirst().map { $0[...] })
            }, "\(fixture.files)")
        #expect(fixture.log.lines.contains { $0.hasPrefix("error history: \(fixture.path) is damaged: ") })
        await second.close()
        let third = fixture.history()
        #expect(try await third.all() == ["a>b"])
        await third.close()
    }

    @Test func `damage that only a request finds is handled the same way`() async throws {
        let fixture = try Fixture()
        let first = fixture.history(limit: 10_000)
        for index in 0..<3000 { first.append(Fixture.entry("\(index)", "x", at: Double(index), lasted: 1)) }
        await first.close()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
        // A page in the middle of the table.
        let page = bytes.count / 4096 / 3
        for index in page * 4096..<(page + 6) * 4096 { bytes[index] = 0xFF }
        try bytes.write(to: URL(fileURLWithPath: fixture.path))
        let second = fixture.history(limit: 10_000)
        _ = try await second.all()
        #expect(await eventually { fixture.files.contains { $0.contains(".damaged-") } }, "\(fixture.log.lines)")
        second.append(Fixture.entry("a", "b", at: 1000, lasted: 1))
        #expect(try await eventually { try await second.all() == ["a>b"] })
        await second.close()
    }

    @Test func `a file that a crash has emptied is replaced by a new one`() async throws {
        let fixture = try Fixture()
        try Data(count: 8192).write(to: URL(fileURLWithPath: fixture.path))
        let history = fixture.history()
        history.append(Fixture.entry("a", "b", at: 1, lasted: 1))
        #expect(try await history.all() == ["a>b"])
        #expect(fixture.files.contains { $0.contains(".damaged-") })
        await history.close()
    }

    @Test(arguments: ["text", "database", "newer", "folder"])
    func `another program's file is not touched, and the history is kept in memory`(kind: String) async throws {
        let fixture = try Fixture()
        switch kind {
        case "text": try "my novel\n".write(toFile: fixture.path, atomically: false, encoding: .utf8)
        case "folder":
            try FileManager.default.createDirectory(atPath: fixture.path, withIntermediateDirectories: false)
        case "database":
            let queue = try DatabaseQueue(path: fixture.path)
            try await queue.write { db in try db.execute(sql: "CREATE TABLE recipes (id INTEGER PRIMARY KEY)") }
            try queue.close()
        default:
            let database = try HistoryDatabase(path: fixture.path, run: "a")
            try database.write { db in try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('1000')") }
            database.close()
        }
        let before = FileManager.default.contents(atPath: fixture.path)
        let history = fixture.history(patience: 60)
        history.append(Fixture.entry("a", "b", at: 1, lasted: 1))
        #expect(try await history.all() == ["a>b"])
        await history.close()
        #expect(FileManager.default.contents(atPath: fixture.path) == before)
        let reason = [
            "text": "is not a database", "database": "is another program's database",
            "newer": "was written by a newer genred", "folder": "is not a file",
        ]
        let told = fixture.log.lines.filter { $0.hasPrefix("warning history: \(fixture.path) \(reason[kind] ?? "")") }
        #expect(told.count == 1)
        #expect(fixture.log.lines.last == "warning history: 1 change could not be written before genred stopped")
    }

    @Test func `a file that was removed is replaced by a new one`() async throws {
        let fixture = try Fixture()
        let history = fixture.history()
        history.append(Fixture.entry("a", "b", at: 1, lasted: 1))
        #expect(try await history.all() == ["a>b"])
        for file in fixture.files { try FileManager.default.removeItem(atPath: "\(fixture.folder)/\(file)") }
        history.append(Fixture.entry("b", "c", at: 2, lasted: 1))
        #expect(try await history.all() == ["b>c"])
        await history.close()
        let again = fixture.history()
        #expect(try await again.all() == ["b>c"])
        await again.close()
    }

    @Test func `a missing folder is reported once, and used when it appears`() async throws {
        let fixture = try Fixture()
        let folder = "\(fixture.folder)/a/b"
        let history = fixture.history(path: "\(folder)/h.sqlite")
        for index in 0..<20 {
            history.append(Fixture.entry("\(index)", "x", at: 1, lasted: 1))
            #expect(try await history.all().count == index + 1)
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(fixture.log.lines.count == 1)
        #expect(
            fixture.log.lines[0].hasPrefix(
                "warning history: cannot create the folder \(folder) for the history: No such file or directory"))
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        #expect(
            await eventually {
                fixture.log.lines.last?.hasSuffix("with 20 changes that had been kept in memory") == true
            }
        )
        await history.close()
        let again = fixture.history(path: "\(folder)/h.sqlite")
        #expect(try await again.all().count == 20)
        await again.close()
    }

    @Test func `when too many changes wait in memory, the oldest are lost and their number is logged`() async throws {
        let fixture = try Fixture()
        let folder = "\(fixture.folder)/a/b"
        let history = fixture.history(path: "\(folder)/h.sqlite", limit: 100_000)
        for index in 0..<25_000 { history.append(Fixture.entry("\(index)", "x", at: 1, lasted: 1)) }
        let kept = try await history.all()
        #expect(kept.count == 10_000)
        #expect(kept.last == "24999>x")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        #expect(await eventually { fixture.log.lines.last?.contains("; 15000 were lost") == true })
        await history.close()
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root, to mount a file system of 256 KB"))
    func `a full disk is reported once and loses nothing: waiting changes are written when there is room`() async throws
    {
        let fixture = try Fixture()
        let disk = try SmallDisk(at: "\(fixture.folder)/disk", kilobytes: 256)
        let path = "\(fixture.folder)/disk/h.sqlite"
        let history = fixture.history(path: path)
        history.append(Fixture.entry("a", "0", at: 0, lasted: 1))
        #expect(try await history.all().count == 1)
        try disk.fill()
        for index in 0..<200 {
            history.append(Fixture.entry("\(index)", "\(index + 1)", at: Double(index + 1), lasted: 1))
            #expect(try await history.all().count == index + 2)
        }
        #expect(await eventually { fixture.log.lines.count >= 2 })
        try await Task.sleep(for: .milliseconds(200))
        #expect(fixture.log.lines.count == 2)
        #expect(
            fixture.log.lines[1].hasPrefix(
                "warning history: no room for \(path); make room on the disk (SQLite, error 13)"))
        try disk.makeRoom()
        #expect(await eventually { fixture.log.lines.last?.hasPrefix("notice history: written again") == true })
        #expect(try await history.all().count == 201)
        await history.close()
        let again = fixture.history(path: path)
        #expect(try await again.all().count == 201)
        await again.close()
    }

    @Test func `values of a wrong type are damage, not a crash`() async throws {
        for (column, value) in [
            ("label", "x'FF'"), ("ended", "'soon'"), ("lasted", "9e999"), ("confidence", "'sure'"),
            ("source", "x'00FF'"),
            ("position", "NULL"),
        ] {
            let fixture = try Fixture()
            let first = fixture.history()
            first.append(Fixture.entry("a", "b", at: 1, lasted: 1))
            await first.close()
            // The same table without types, so that it takes any value.
            let queue = try DatabaseQueue(path: fixture.path)
            try await queue.write { db in
                try db.execute(
                    sql: """
                        CREATE TABLE other AS SELECT * FROM changes; DROP TABLE changes; ALTER TABLE other RENAME TO changes;
                        CREATE INDEX changes_source ON changes (source); CREATE INDEX changes_ended ON changes (ended);
                        UPDATE changes SET \(column) = \(value)
                        """)
            }
            try queue.close()
            let second = fixture.history()
            _ = try? await second.all()
            _ = try? await second.totals()
            second.append(Fixture.entry("c", "d", at: 2, lasted: 1))
            #expect(try await second.all().last == "c>d", "\(column)")
            #expect(fixture.log.lines.contains { $0.contains(" is damaged: ") }, "\(column)")
            await second.close()
        }
    }

    @Test func `files with random damage are used, moved aside or refused, and never crash`() async throws {
        let fixture = try Fixture()
        let first = fixture.history()
        for index in 0..<300 { first.append(Fixture.entry("\(index)", "x", at: Double(index), lasted: 1)) }
        await first.close()
        let good = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
        var generator = SystemRandomNumberGenerator()
        for round in 0..<150 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...200, using: &generator) {
                // In the file's header, a page's header, or anywhere.
                let place =
                    [
                        Int.random(in: 0..<100, using: &generator),
                        4096 * Int.random(in: 0..<good.count / 4096, using: &generator)
                            + Int.random(in: 0..<12, using: &generator),
                        Int.random(in: 0..<good.count, using: &generator),
                    ].randomElement(using: &generator) ?? 0
                bytes[place] = UInt8.random(in: 0...255, using: &generator)
            }
            if round % 3 == 0 { bytes = bytes.prefix(Int.random(in: 0...good.count, using: &generator)) }
            let path = "\(fixture.folder)/f\(round)/h.sqlite"
            try FileManager.default.createDirectory(
                atPath: "\(fixture.folder)/f\(round)", withIntermediateDirectories: true)
            try bytes.write(to: URL(fileURLWithPath: path))
            let history = fixture.history(path: path, patience: 60)
            history.append(Fixture.entry("new", "newer", at: 1000, lasted: 1))
            // Damage may be found only after the first change was written.
            _ = try? await history.totals()
            _ = try? await history.all()
            history.append(Fixture.entry("newer", "newest", at: 1001, lasted: 1))
            let last = try await history.all().last
            #expect(last == "newer>newest")
            await history.close()
        }
    }
}
