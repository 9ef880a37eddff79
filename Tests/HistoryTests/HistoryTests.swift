// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import Testing

@testable import History

private typealias Fixture = HistoryFixture

struct HistoryTests {
    @Test func `changes are unchanged and in order after a restart`() async throws {
        let fixture = try Fixture()
        let first = fixture.history()
        let entries = [
            Fixture.entry("starting", "jazz", of: "radio", at: 3, lasted: 3),
            Fixture.entry("starting", "no-music", of: "tv", at: 4, lasted: 3),
            Fixture.entry("jazz", "rock", of: "radio", at: 100.125, lasted: 97.125),
            Fixture.label("rock", of: "radio", from: 100.125, until: 120).stop,
            Fixture.label("no-music", of: "tv", from: 4, until: 120.5).stop,
        ]
        await first.open()
        let published = entries.map { first.append($0) }
        #expect(published.map(\.seq) == [1, 2, 3, 4, 5])
        await first.close()
        let second = fixture.history()
        await second.open()
        let result = try await second.result(HistoryParams(source: nil), open: [], now: Fixture.start)
        #expect(result == HistoryResult(changes: published, more: false, totals: nil))
        #expect(try await second.all(of: "tv") == ["starting>no-music"])
        #expect(
            fixture.log.lines == [
                "info history: \(fixture.path): 0 changes",
                "info history: \(fixture.path): 5 changes, the oldest from 2026-11-20",
            ])
        await second.close()
    }

    @Test func `the label of a killed daemon ends where it was last heard`() async throws {
        let fixture = try Fixture()
        do {
            let killed = try HistoryDatabase(path: fixture.path, run: "a")
            try killed.write(
                [Fixture.entry("starting", "jazz", at: 3, lasted: 3)],
                open: ["radio": Fixture.label("jazz", from: 3, until: 3)])
            try killed.write([], open: ["radio": Fixture.label("jazz", from: 3, until: 63)])
            killed.close()
        }
        let next = fixture.history()
        #expect(try await next.all(stops: true) == ["starting>jazz", "jazz>stopped"])
        // The daemon is down for a day, which does not count.
        next.append(Fixture.entry("starting", "rock", at: 86_403, lasted: 3))
        let open = Fixture.label("rock", from: 86_403, until: 86_433)
        let now = Fixture.start.adding(seconds: 86_433)
        #expect(try await next.totals(open: [open], now: now) == ["starting": 6, "jazz": 60, "rock": 30])
        await next.close()
        let third = fixture.history()
        #expect(
            try await third.all(stops: true) == ["starting>jazz", "jazz>stopped", "starting>rock", "rock>stopped"],
            "not twice")
        await third.close()
    }

    @Test func `a label that was ended properly is not ended again`() async throws {
        let fixture = try Fixture()
        let first = fixture.history()
        first.append(Fixture.entry("starting", "jazz", at: 3, lasted: 3))
        first.note([Fixture.label("jazz", from: 3, until: 20)])
        first.append(Fixture.label("jazz", from: 3, until: 30).stop)
        await first.close()
        let second = fixture.history()
        #expect(try await second.all(stops: true) == ["starting>jazz", "jazz>stopped"])
        #expect(try await second.totals() == ["starting": 3, "jazz": 27])
        await second.close()
    }

    @Test func `only the share of a label after the requested time counts`() async throws {
        let fixture = try Fixture()
        let history = fixture.history(inMemory: true)
        history.append(Fixture.entry("jazz", "rock", at: 100, lasted: 100))
        history.append(Fixture.entry("rock", "pop", at: 160, lasted: 60))
        // A file that was read fast: an hour of audio in two seconds.
        history.append(Fixture.entry("disco", "metal", of: "set", at: 100, lasted: 2))
        var fast = Fixture.entry("metal", "disco", of: "set", at: 102, lasted: 3600)
        fast.began = Fixture.start.adding(seconds: 100)
        history.append(fast)
        let open = Fixture.label("pop", from: 160, until: 200)
        func totals(since second: Double, of source: String? = nil) async throws -> [String: Double] {
            try await history.totals(
                of: source, since: .time(Fixture.start.adding(seconds: second)), open: [open],
                now: Fixture.start.adding(seconds: 200))
        }
        #expect(try await totals(since: 0, of: "radio") == ["jazz": 100, "rock": 60, "pop": 40])
        #expect(try await totals(since: 75, of: "radio") == ["jazz": 25, "rock": 60, "pop": 40])
        #expect(try await totals(since: 180) == ["pop": 20])
        #expect(try await totals(since: 101, of: "set") == ["metal": 1800], "half of an hour read in two seconds")
        #expect(try await totals(since: 300) == [:])
        await history.close()
    }

    @Test func `a label that ends during a request counts once`() async throws {
        let fixture = try Fixture()
        let history = fixture.history(inMemory: true)
        let open = Fixture.label("jazz", from: 0, until: 60)
        let now = Fixture.start.adding(seconds: 61)
        #expect(try await history.totals(open: [open], now: now) == ["jazz": 60])
        history.append(Fixture.entry("jazz", "rock", at: 60.2, lasted: 60.2))
        #expect(try await history.totals(open: [open], now: now) == ["jazz": 60.2])
        let next = Fixture.label("rock", from: 60.2, until: 61)
        #expect(try await history.totals(open: [next], now: now)["rock"] ?? 0 > 0.7)
        await history.close()
    }

    @Test func `the time of each label does not depend on the number of changes requested`() async throws {
        let fixture = try Fixture()
        let history = fixture.history(inMemory: true)
        for index in 0..<500 {
            history.append(
                Fixture.entry(index % 2 == 0 ? "jazz" : "rock", "x", at: Double(index + 1) * 10, lasted: 10))
        }
        let params = HistoryParams(source: "radio", limit: 5, totals: true)
        let result = try await history.result(params, open: [], now: Fixture.start.adding(seconds: 6000))
        #expect(result.changes.map(\.position) == [4960, 4970, 4980, 4990, 5000])
        #expect(result.more)
        #expect(result.totals == [LabelTime(label: "jazz", seconds: 2500), LabelTime(label: "rock", seconds: 2500)])
        await history.close()
    }

    @Test(arguments: [true, false])
    func `only the newest changes of each source are kept`(inMemory: Bool) async throws {
        let fixture = try Fixture()
        let history = fixture.history(inMemory: inMemory, limit: 10)
        for number in 0..<500 {
            history.append(Fixture.entry("\(number)", "x", of: "a", at: Double(number), lasted: 1))
            history.append(Fixture.entry("\(-number)", "x", of: "b", at: Double(number), lasted: 1))
            if number % 50 == 0 { _ = try await history.all() }
        }
        let kept = try await history.all(of: "a")
        #expect(kept.suffix(10) == (490..<500).map { "\($0)>x" }[...])
        #expect((10...11).contains(kept.count))
        #expect(try await history.all(of: "a", limit: 3) == ["497>x", "498>x", "499>x"])
        #expect(try await history.all(limit: 3) == ["-498>x", "499>x", "-499>x"])
        await history.use(HistorySettings(path: inMemory ? nil : fixture.path, keep: 1e9, limit: 3))
        #expect(try await history.all(of: "b").count == 3, "a smaller limit applies at once")
        await history.close()
    }

    @Test func `changes that are too old are not shown, but are kept until the clock can be trusted`() async throws {
        let fixture = try Fixture()
        let history = fixture.history(keep: 60)
        for second in 0..<120 { history.append(Fixture.entry("\(second)", "x", at: Double(second), lasted: 1)) }
        let now = Fixture.start.adding(seconds: 119)
        #expect(try await history.all(now: now) == (59..<120).map { "\($0)>x" })
        #expect(try await history.all(since: .ago(5), now: now) == (114..<120).map { "\($0)>x" })
        #expect(try await history.all(now: now.adding(seconds: 86_400)) == [], "a day ahead")
        #expect(try await history.all(now: now).count == 61, "and back")
        await history.close()
    }

    @Test func `pruning by age removes exactly the changes before the horizon`() throws {
        let fixture = try Fixture()
        let database = try HistoryDatabase(path: fixture.path, run: "a")
        // More changes than one transaction removes.
        let entries = (0..<25_000).map { Fixture.entry("\($0)", "x", at: Double($0), lasted: 1, seq: $0 + 1) }
        try database.write(entries, open: [:])
        try database.pruneAll(before: nil, limit: 100_000)
        #expect(try database.extent().changes == 25_000)
        try database.pruneAll(before: Fixture.start.adding(seconds: 24_990), limit: 100_000)
        #expect(try database.extent().changes == 10)
        #expect(try database.extent().oldest == Fixture.start.adding(seconds: 24_990))
        database.close()
    }

    @Test func `a clock that is set back does not disturb the order`() async throws {
        let fixture = try Fixture()
        let history = fixture.history()
        history.append(Fixture.entry("a", "b", at: 0, lasted: 1))
        history.append(Fixture.entry("b", "c", at: -86_400, lasted: 1))
        history.append(Fixture.entry("c", "d", at: -86_300, lasted: 100))
        #expect(try await history.all() == ["a>b", "b>c", "c>d"])
        await history.close()
        let again = fixture.history()
        #expect(try await again.all() == ["a>b", "b>c", "c>d"])
        #expect(try await again.totals()["c"] == 100)
        await again.close()
    }

    @Test func `a removed source still has its history, but a source that never existed is unknown`() async throws {
        let fixture = try Fixture()
        let history = fixture.history()
        history.append(Fixture.entry("a", "b", of: "gone", at: 0, lasted: 1))
        let open = [Fixture.label("jazz", from: 0, until: 1)]
        #expect(try await history.result(HistoryParams(source: "gone"), open: open).changes.count == 1)
        #expect(try await history.result(HistoryParams(source: "radio"), open: open).changes.isEmpty)
        await #expect(throws: RPCError.unknownSource("attic", known: ["radio"])) {
            try await history.result(HistoryParams(source: "attic"), open: open)
        }
        await history.close()
    }

    @Test func `a reload moves the history to another file, and the old file keeps its changes`() async throws {
        let fixture = try Fixture()
        let history = fixture.history()
        history.append(Fixture.entry("a", "b", at: 1, lasted: 1))
        let other = "\(fixture.folder)/deeper/other.sqlite"
        await history.use(HistorySettings(path: other, keep: 1e9))
        history.append(Fixture.entry("b", "c", at: 2, lasted: 1))
        #expect(try await history.all() == ["b>c"])
        await history.use(HistorySettings(path: fixture.path, keep: 1e9))
        #expect(try await history.all() == ["a>b"])
        await history.close()
    }
}

struct ClockWatchTests {
    private let keep = 86_400.0
    private let start = HistoryFixture.start

    @Test func `old changes may be removed once the clock has been steady for an hour`() {
        var watch = ClockWatch()
        #expect(watch.horizon(keep: keep) == nil)
        for second in stride(from: 0.0, through: 3600, by: 15) {
            watch.check(wall: start.adding(seconds: second), steady: 50 + second)
        }
        #expect(watch.horizon(keep: keep) == start.adding(seconds: 3600 - 3 * 86_400))
    }

    @Test(arguments: [86_400.0, -86_400, 1.8e9, 60])
    func `nothing is removed within an hour after the clock was set`(jump: Double) {
        var watch = ClockWatch()
        watch.check(wall: start, steady: 0)
        watch.check(wall: start.adding(seconds: 5000), steady: 5000)
        #expect(watch.horizon(keep: keep) != nil)
        watch.check(wall: start.adding(seconds: 5015 + jump), steady: 5015)
        #expect(watch.horizon(keep: keep) == nil)
        watch.check(wall: start.adding(seconds: 8600 + jump), steady: 8600)
        #expect(watch.horizon(keep: keep) == nil)
        watch.check(wall: start.adding(seconds: 8616 + jump), steady: 8616)
        #expect(watch.horizon(keep: keep) == start.adding(seconds: 8616 + jump - 3 * 86_400))
    }
}
