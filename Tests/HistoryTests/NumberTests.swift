// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import GRDB
import TestSupport
import Testing

@testable import History

private typealias Fixture = HistoryFixture

/// Tests of the changes' numbers: increasing over restarts, and never used twice by one instance.
struct NumberTests {
    /// Appends changes that leave no label open, and returns their numbers.
    private func append(_ count: Int, to history: History) -> [Int] {
        (0..<count).map { history.append(Fixture.entry("a\($0)", Change.stopped, at: Double($0), lasted: 1)).seq }
    }

    private func record(_ fixture: HistoryFixture) throws -> InstanceRecord? {
        try InstanceFile(besides: fixture.path).read()
    }

    @Test func `stops and starts leave the instance as it is, and no hole in the numbers`() async throws {
        let fixture = try Fixture()
        var numbers: [Int] = []
        var instances: Set<String> = []
        for _ in 0..<5 {
            let history = fixture.history()
            await history.open()
            instances.insert(history.instance)
            numbers += append(7, to: history)
            await history.close()
        }
        #expect(numbers == Array(1...35))
        #expect(instances.count == 1)
        #expect(UUID(uuidString: instances.first ?? "") != nil)
        let last = fixture.history()
        await last.open()
        #expect(try await last.numbers() == numbers)
        await last.close()
    }

    @Test func `after a kill, numbers go on above all that may have been given out`() async throws {
        let fixture = try Fixture()
        var (given, instance) = ([Int](), "")
        do {
            let first = fixture.history()
            await first.open()
            for _ in 0..<20 {
                given += append(1000, to: first)
                _ = try await first.all()
            }
            given += append(1000, to: first)
            instance = first.instance
            // Left as it is, like one that was killed: nothing more is written, and the lock is gone.
        }
        let second = fixture.history()
        await second.open()
        #expect(second.instance == instance)
        let next = second.append(Fixture.entry("a", "b", at: 1, lasted: 1)).seq
        #expect(next > given.last ?? .max && next <= given.count + 2 * ChangeNumbers.block)
        await second.close()
    }

    @Test func `a file of an older genred keeps its changes, numbered as it had them`() async throws {
        let fixture = try Fixture()
        try OldHistory.make(at: fixture.path, changes: 120, deleting: 1...20)
        let history = fixture.history()
        await history.open()
        let old = try await history.all()
        #expect(old == (20..<120).map { "\($0)>\($0 + 1)" })
        // The killed daemon's open label is closed with the next number.
        #expect(try await history.numbers() == Array(21...121))
        #expect(try await history.result(HistoryParams(source: nil, limit: 1), open: []).changes[0].to == "stopped")
        #expect(append(3, to: history) == [122, 123, 124])
        await history.close()
        let again = fixture.history()
        await again.open()
        #expect(try await again.numbers() == Array(21...124))
        await again.close()
    }

    @Test func `without a file, each run has an instance of its own and numbers from 1`() async throws {
        let fixture = try Fixture()
        var instances: Set<String> = []
        for _ in 0..<3 {
            let history = fixture.history(inMemory: true)
            await history.open()
            instances.insert(history.instance)
            #expect(append(3, to: history) == [1, 2, 3])
            #expect(try await history.numbers() == [1, 2, 3])
            #expect(history.instance == instances.first || instances.count > 1)
            await history.close()
        }
        #expect(instances.count == 3)
        #expect(fixture.log.lines.isEmpty, "that is what was asked for, and no news")
    }

    @Test func `of two daemons with one file, the second has an instance of its own, and its changes fit in later`()
        async throws
    {
        let fixture = try Fixture()
        let (first, second) = (fixture.history(), fixture.history())
        await first.open()
        await second.open()
        let firstInstance = first.instance
        #expect(firstInstance != second.instance)
        #expect(append(5, to: first) == [1, 2, 3, 4, 5])
        #expect(append(3, to: second) == [1, 2, 3])
        #expect(try await second.numbers(after: 1) == [2, 3])
        await first.close()
        #expect(try await eventually { try await second.all(stops: true).count == 8 })
        #expect(
            try await second.numbers(after: 0) == [1, 2, 3], "the other instance's changes do not follow any of these")
        #expect(append(1, to: second) == [4])
        #expect(try await second.numbers(after: 2) == [3, 4])
        #expect(try await second.numbers().count == 9)
        await second.close()
        let third = fixture.history()
        await third.open()
        #expect(third.instance == firstInstance && append(1, to: third) == [10])
        await third.close()
    }

    @Test(arguments: [
        "", "\u{0}\u{0}", "garbage", "{\"instance\":\"x\",\"next\":5}", "{\"instance\":null}", "torn", "big", "zero",
    ])
    func `a damaged identity is replaced by another, and no pair of instance and number comes again`(
        content: String
    ) async throws {
        let fixture = try Fixture()
        let first = fixture.history()
        await first.open()
        let before = first.instance
        #expect(append(10, to: first).last == 10)
        await first.close()
        let path = "\(fixture.path).instance"
        let whole = try String(contentsOfFile: path, encoding: .utf8)
        let texts = [
            "torn": String(whole.dropLast(3)),
            "big": #"{"instance":"\#(before)","next":9223372036854775807}"#,
            "zero": #"{"instance":"\#(before)","next":0}"#,
        ]
        try (texts[content] ?? content).write(toFile: path, atomically: false, encoding: .utf8)
        let second = fixture.history()
        await second.open()
        #expect(second.instance != before)
        #expect(append(1, to: second) == [11])
        #expect(try await second.numbers() == Array(1...11))
        #expect(fixture.log.lines.filter { $0.contains("\(path) ") && $0.hasPrefix("warning ") }.count == 1)
        let after = second.instance
        await second.close()
        let third = fixture.history()
        await third.open()
        #expect(third.instance == after && append(1, to: third) == [12])
        await third.close()
    }

    @Test func `a folder where the identity cannot be kept makes each run an instance, with one line in the log`()
        async throws
    {
        let fixture = try Fixture()
        // Root may write to any folder, but nobody can replace a folder by a file.
        try FileManager.default.createDirectory(
            atPath: "\(fixture.path).instance/x", withIntermediateDirectories: true)
        var instances: Set<String> = []
        var numbers: [Int] = []
        for _ in 0..<3 {
            let history = fixture.history()
            await history.open()
            instances.insert(history.instance)
            for _ in 0..<3 {
                numbers += append(2, to: history)
                _ = try await history.all()
            }
            await history.close()
        }
        #expect(instances.count == 3)
        #expect(numbers == Array(1...18))
        #expect(fixture.log.lines.filter { $0.contains("numbers of changes end with this run") }.count == 3)
        try FileManager.default.removeItem(atPath: "\(fixture.path).instance")
        let history = fixture.history()
        await history.open()
        #expect(append(1, to: history) == [19])
        await history.close()
        #expect(try record(fixture)?.next == 20)
    }

    @Test func `numbers that cannot be reserved any more go on under another instance, and come to the disk later`()
        async throws
    {
        let fixture = try Fixture()
        let history = fixture.history(limit: 100_000)
        await history.open()
        let before = history.instance
        let path = "\(fixture.path).instance"
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: "\(path)/x", withIntermediateDirectories: true)
        let numbers = append(ChangeNumbers.block, to: history)
        #expect(history.instance == before)
        let after = append(1, to: history)
        #expect(history.instance != before)
        #expect(numbers + after == Array(1...ChangeNumbers.block + 1))
        #expect(fixture.log.lines.filter { $0.contains("belong to") }.count == 1)
        try FileManager.default.removeItem(atPath: path)
        _ = try await history.all()
        let kept = try record(fixture)
        #expect(kept?.instance == history.instance && kept?.next ?? 0 > ChangeNumbers.block + 1)
        await history.close()
    }

    @Test func `a damaged history that is moved aside does not take the numbers with it`() async throws {
        let fixture = try Fixture()
        let first = fixture.history()
        await first.open()
        _ = append(800, to: first)
        let instance = first.instance
        await first.close()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
        for index in 4096..<bytes.count { bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
        try bytes.write(to: URL(fileURLWithPath: fixture.path))
        let second = fixture.history()
        await second.open()
        #expect(second.instance == instance)
        let next = append(1, to: second)
        #expect(next[0] > 800)
        #expect(try await eventually { try await second.numbers() == next })
        await second.close()
    }

    @Test func `a history that moves takes its identity along, and leaves none behind`() async throws {
        let fixture = try Fixture()
        let history = fixture.history()
        await history.open()
        let instance = history.instance
        #expect(append(5, to: history) == [1, 2, 3, 4, 5])
        let other = "\(fixture.folder)/other.sqlite"
        await history.use(HistorySettings(path: other))
        #expect(history.instance == instance)
        #expect(append(2, to: history) == [6, 7])
        #expect(try await history.numbers(after: 5) == [6, 7])
        #expect(try record(fixture) == nil)
        await history.close()
        #expect(try InstanceFile(besides: other).read() == InstanceRecord(instance: instance, next: 8))
        let old = fixture.history()
        await old.open()
        #expect(old.instance != instance)
        #expect(append(1, to: old) == [6])
        // A file with changes of its own: those of this run stand apart.
        await old.use(HistorySettings(path: other))
        #expect(append(1, to: old) == [7])
        #expect(try await old.numbers(after: 0) == [7])
        #expect(try await old.numbers() == [-1, 0, 7])
        await old.close()
    }

    @Test func `rows that another program adds cost a new place for the next ones, and nothing else`() async throws {
        let fixture = try Fixture()
        let history = fixture.history()
        await history.open()
        _ = append(2, to: history)
        _ = try await history.all()
        let queue = try DatabaseQueue(path: fixture.path)
        try await queue.write { db in
            for id in 3...6 {
                try db.execute(
                    sql: """
                        INSERT INTO changes (id, source, began, ended, label, next, confidence, position, lasted)
                        VALUES (?, 'other', 1, 2, 'x', 'y', 0, 0, 1)
                        """, arguments: [id])
            }
        }
        try queue.close()
        #expect(append(2, to: history) == [3, 4])
        #expect(
            try await eventually {
                try await history.all(of: "radio", stops: true).count == 4
                    && fixture.log.lines.contains { $0.contains("written again") }
            })
        #expect(try await history.numbers(of: "radio", after: 2) == [3, 4])
        await history.close()
    }

    @Test func `reading on from number to number gives every change once, in order, whatever the pages`() async throws {
        let fixture = try Fixture()
        var random = SplitMix(state: 16)
        let history = fixture.history(limit: 100_000)
        await history.open()
        var published: [Change] = []
        for index in 0..<3000 {
            // The clock is set now and then, once to 1970.
            let at = index == 1000 ? -1.7e9 : Double(index) + Double.random(in: -5000...5000, using: &random)
            published.append(
                history.append(
                    Fixture.entry("a\(index)", "x", of: ["radio", "tv", "tape"][index % 3], at: at, lasted: 1)))
            if index % 700 == 0 { _ = try await history.all() }
        }
        for source in [nil, "radio", "tv"] {
            let wanted = published.filter { source == nil || $0.source == source }
            for _ in 0..<4 {
                var (after, found) = (0, [Change]())
                while true {
                    let limit = Int.random(in: 1...700, using: &random)
                    let page = try await history.result(
                        HistoryParams(source: source, after: after, limit: limit), open: [], now: Fixture.start)
                    #expect(page.changes.count <= limit)
                    found += page.changes
                    #expect(page.more == (found.count < wanted.count))
                    guard let last = page.changes.last else { break }
                    after = last.seq
                }
                #expect(found == wanted)
            }
        }
        // The time and the number together.
        let since = Fixture.start.adding(seconds: 1500)
        let some = try await history.result(
            HistoryParams(source: "tv", since: .time(since), after: 1000, limit: 10_000), open: [],
            now: Fixture.start.adding(seconds: 9000)
        ).changes
        #expect(
            some == published.filter { $0.source == "tv" && $0.seq > 1000 && $0.time >= since.description })
        #expect(try await history.numbers(after: .max) == [])
        await history.close()
    }

    @Test func `changes that are not written yet follow those in the file`() async throws {
        let fixture = try Fixture()
        let history = fixture.history(patience: 60)
        await history.open()
        _ = append(10, to: history)
        _ = try await history.all()
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: fixture.path, configuration: configuration)
        try await other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }
        _ = append(10, to: history)
        #expect(try await history.numbers(after: 4) == Array(5...20))
        #expect(try await history.numbers(after: 15) == Array(16...20))
        let page = try await history.result(HistoryParams(source: nil, after: 7, limit: 5), open: [])
        #expect(page.changes.map(\.seq) == Array(8...12) && page.more)
        try await other.writeWithoutTransaction { db in try db.execute(sql: "ROLLBACK") }
        try other.close()
        await history.close()
    }

    @Test func `each way to ask reads a range of one index, and no more`() throws {
        let fixture = try Fixture()
        let database = try HistoryDatabase(path: fixture.path, run: "a")
        func plan(_ query: HistoryQuery) throws -> String {
            try database.read { db in
                let (sql, arguments) = database.statement(query)
                return try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(sql)", arguments: arguments)
                    .map { $0["detail"] as String }.joined(separator: "; ")
            }
        }
        var query = HistoryQuery(source: nil, since: Fixture.start, isRecent: true, after: 17, limit: 10)
        #expect(try plan(query) == "SEARCH changes USING INTEGER PRIMARY KEY (rowid>?)")
        query.source = "radio"
        #expect(try plan(query) == "SEARCH changes USING INDEX changes_source (source=? AND rowid>?)")
        query.after = nil
        #expect(try plan(query) == "SEARCH changes USING INDEX changes_source (source=?)")
        query.source = nil
        #expect(try plan(query).hasPrefix("SEARCH changes USING INDEX changes_ended (ended>?)"))
        query.isRecent = false
        #expect(try plan(query) == "SCAN changes")
        database.close()
    }
}

extension History {
    fileprivate func numbers(of source: String? = nil, after: Int? = nil) throws -> [Int] {
        try result(HistoryParams(source: source, after: after, limit: 10_000), open: [], now: HistoryFixture.start)
            .changes.map(\.seq)
    }
}
