// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Testing

@testable import genrectl

struct TextTests {
    @Test
    func `numbers have groups and decimals`() {
        #expect(Wording.decimal(0) == "0")
        #expect(Wording.decimal(412_345) == "412 345")
        #expect(Wording.decimal(-1_234_567.891, digits: 2) == "-1 234 567.89")
        #expect(Wording.decimal(0.05, digits: 1) == "0.1")
        #expect(Wording.decimal(1.999, digits: 2) == "2.00")
        #expect(Wording.decimal(.nan) == "?")
        #expect(NumberText.percent(0.824) == "82 %")
        #expect(NumberText.percent(7) == "100 %")
        #expect(Wording.level(-400) == "-120 dB")
    }

    @Test
    func `wide and combining characters are measured as terminals draw them`() {
        #expect(DisplayText.width("abc") == 3)
        #expect(DisplayText.width("東京") == 4)
        #expect(DisplayText.width("cafe\u{301}") == 4)
        #expect(DisplayText.prefix("東京", columns: 3) == "東")
        #expect(Line("東京radio").cut(to: 4).plainText == "東…")
        #expect(Line("東京radio").cut(to: 4).width == 3)
    }

    @Test
    func `lines are cut, padded and justified to the column`() {
        #expect(Line("abcdef").cut(to: 4).plainText == "abc…")
        #expect(Line("abcd").cut(to: 4).plainText == "abcd")
        #expect(Line("abcd").cut(to: 0).plainText == "")
        #expect(Line("ab").padded(to: 4).plainText == "ab  ")
        #expect(Line("left").justified(with: Line("right"), columns: 12).plainText == "left   right")
        #expect(Line("left").justified(with: Line("right"), columns: 8).plainText == "l… right")
        #expect(Line("left").justified(with: Line("right"), columns: 3).plainText == "le…")
    }

    @Test
    func `a bar is exact to an eighth of a column`() {
        func bar(_ share: Double) -> String { Bar.line(share: share, columns: 4, colour: .grey).plainText }
        #expect(bar(0) == "╌╌╌╌")
        #expect(bar(1) == "████")
        #expect(bar(0.5) == "██╌╌")
        #expect(bar(1.0 / 32) == "▏╌╌╌")
        #expect(bar(7.0 / 32) == "▉╌╌╌")
        #expect(bar(.nan) == "╌╌╌╌")
        #expect(bar(-3) == "╌╌╌╌")
        #expect(bar(8) == "████")
    }

    @Test
    func `a table aligns its columns, omits empty ones and has no trailing spaces`() {
        var table = Table(.left, .left, .right)
        table.append("a", "", "1")
        table.append("bcd", "", "22")
        table.append("e", "", "")
        #expect(table.lines().map(\.plainText) == ["a     1", "bcd  22", "e"])
    }

    @Test
    func `the painter uses the colours and characters that the terminal supports`() {
        let line = Line("█ é東…", .colour(.red, bold: true))
        #expect(Painter(colours: .extended, isUnicode: true).paint(line) == "\u{1B}[1;38;5;203m█ é東…\u{1B}[0m")
        #expect(Painter(colours: .basic, isUnicode: true).paint(line) == "\u{1B}[1;91m█ é東…\u{1B}[0m")
        #expect(Painter(colours: .none, isUnicode: false).paint(line) == "\u{1B}[1m# ???~\u{1B}[0m")
        #expect(Painter.plain.paint(line) == "█ é東…")
    }

    @Test
    func `the painter is chosen by the environment`() {
        func painter(_ variables: [String: String]) -> Painter { Painter { variables[$0] } }
        let modern = painter(["TERM": "xterm-256color", "LANG": "en_GB.UTF-8"])
        #expect(modern == Painter(colours: .extended, isUnicode: true))
        #expect(painter(["TERM": "xterm", "NO_COLOR": "1", "LANG": "C.utf8"]).colours == .none)
        #expect(painter(["TERM": "xterm", "NO_COLOR": ""]).colours == .extended)
        #expect(painter([:]) == Painter(colours: .none, isUnicode: false))
        #expect(painter(["TERM": "linux"]).colours == .basic)
        #expect(painter(["TERM": "xterm", "LC_ALL": "C", "LANG": "en_GB.UTF-8"]).isUnicode == false)
    }

    @Test
    func `each label keeps its colour and has a letter of its own`() {
        let palette = Palette(labels: Programme.labels)
        #expect(Set(Programme.labels.map(palette.colour)).count == Programme.labels.count)
        #expect(Set(Programme.labels.map(palette.letter)).count == Programme.labels.count)
        #expect(palette.colour("rock") == Palette(labels: ["rock", "polka"]).colour("rock"))
        #expect(palette.letter("unheard of") == "*")
        let (polka, reversed) = (
            Palette(labels: ["dub", "polka", "dance"]), Palette(labels: ["dance", "polka", "dub"])
        )
        for label in ["dance", "dub", "polka"] {
            #expect(polka.colour(label) == reversed.colour(label) && polka.letter(label) == reversed.letter(label))
        }
    }

    @Test
    func `big letters are three rows high, or not at all`() {
        let rows = BigText.lines("hip-hop 2", columns: 80, style: .plain)
        #expect(rows?.count == 3)
        #expect(Set(rows?.map(\.width) ?? []).count == 1)
        #expect(BigText.lines("rock", columns: 10, style: .plain) == nil)
        #expect(BigText.lines("ΡΟΚ", columns: 80, style: .plain) == nil)
    }

    @Test
    func `keys are recognised in a terminal's input`() {
        func keys(_ text: String) -> [Key] { Key.parse(Array(text.utf8)) }
        #expect(keys("q") == [.character("q")])
        #expect(keys("\u{1B}[A\u{1B}OB\u{1B}[C\u{1B}[D") == [.up, .down, .right, .left])
        #expect(keys("\u{1B}[5~\u{1B}[6~\u{1B}[H\u{1B}[4~\r") == [.pageUp, .pageDown, .home, .end, .enter])
        #expect(keys("\u{1B}[1;5Aq") == [.up, .character("q")])
        #expect(keys("\u{1B}") == [])
        #expect(keys("\u{1B}[99999;9999") == [])
        #expect(keys("\u{1B}[<0;10;10Mq") == [.character("q")])
        #expect(keys("é\u{7F}\u{3}") == [])
        for _ in 0..<2000 { _ = Key.parse((0..<20).map { _ in .random(in: 0...255) }) }
    }

    @Test
    func `current formats each state for people`() {
        let now = Timestamp(milliseconds: 1_769_846_400_000)
        var estimate = Estimate(
            source: "radio", time: now.description, position: 1.25, state: .genre, genre: "rock", confidence: 0.82,
            probabilities: ["rock": 0.82, "metal": 0.09, "pop": 0.09], since: now.adding(seconds: -192).description,
            level: -18.2)
        func line() -> String { CurrentView.lines([estimate], now: now)[0].plainText }
        #expect(line() == "radio   rock   82 %   for 3 min 12 s   then metal 9 %   -18 dB")
        (estimate.state, estimate.genre, estimate.label) = (.unsure, nil, "unsure")
        #expect(line() == "radio   unsure   82 %   for 3 min 12 s   rock or metal   -18 dB")
        (estimate.state, estimate.label) = (.noSignal, "no-signal")
        estimate.level = nil
        #expect(line() == "radio   no signal   for 3 min 12 s")
        (estimate.state, estimate.label) = (.starting, "starting")
        #expect(line() == "radio   starting   1.3 s heard")
        #expect(CurrentView.lines([], now: now)[0].plainText.contains("no sources"))
    }
}

struct SinceTests {
    private static let now = Timestamp(rfc3339: "2026-01-31T12:34:56Z") ?? .now

    private func ago(_ text: String) -> Double? {
        SinceText.parse(text, now: Self.now).map { Self.now.seconds(since: $0) }
    }

    @Test(
        arguments: [
            ("90s", 90), ("30m", 1800), ("30min", 1800), ("2h", 7200), ("1.5 h", 5400), ("7d", 604_800),
            ("1w", 604_800), ("3 days ago", 259_200), ("2 hours", 7200), ("1 week ago", 604_800), ("90", 90),
            ("2026-01-31T12:34Z", 56), ("2026-01-31t13:34+01:00", 56),
        ]
            as [(String, Double)])
    func `durations are times in the past`(text: String, seconds: Double) { #expect(ago(text) == seconds) }

    @Test
    func `days and times of day are local`() throws {
        let today = try #require(SinceText.parse("today", now: Self.now))
        #expect(LocalTime(today).time == "00:00:00" && LocalTime(today).date == LocalTime(Self.now).date)
        let yesterday = try #require(SinceText.parse("yesterday", now: Self.now))
        #expect(LocalTime(yesterday).time == "00:00:00" && yesterday < today)
        let eight = try #require(SinceText.parse("8:05", now: Self.now))
        #expect(LocalTime(eight).time == "08:05:00" && LocalTime(eight).date == LocalTime(Self.now).date)
        let day = try #require(SinceText.parse("2025-12-24", now: Self.now))
        #expect(LocalTime(day).date == "2025-12-24" && LocalTime(day).time == "00:00:00")
        #expect(SinceText.parse("2026-01-31T08:00:00Z", now: Self.now)?.description == "2026-01-31T08:00:00.000Z")
    }

    @Test(arguments: [
        "", "h", "ago", " ago", "3 days before", "2026-01-31T25:00Z", "-2h", "2x", "tomorrow", "25:00", "12:60",
        "12:0:60", "12:", "yesterday x", "monday 25:00",
        "mo", "2026-02-30", "2026-1-1", "1e3h", "..s",
        "٣h", "999999999999999999999999d9",
    ])
    func `text that is not a past time is refused`(text: String) {
        #expect(SinceText.parse(text, now: Self.now) == nil)
    }

    @Test
    func `words, weekdays and times of day mean the latest one in the past`() throws {
        func local(_ text: String) throws -> String {
            LocalTime.full(try #require(SinceText.parse(text, now: noon), "\(text)").description)
        }
        // This is a Saturday.
        let noon = try #require(LocalTime.timestamp(year: 2026, month: 1, day: 31, hour: 12))
        #expect(try local("yesterday 18:00") == "2026-01-30 18:00:00")
        #expect(try local("Saturday") == "2026-01-31 00:00:00")
        #expect(try local("sat 11:30:15") == "2026-01-31 11:30:15")
        #expect(try local("saturday 13:00") == "2026-01-24 13:00:00")
        #expect(try local("monday") == "2026-01-26 00:00:00")
        #expect(try local("sun") == "2026-01-25 00:00:00")
        #expect(try local("11:59") == "2026-01-31 11:59:00")
        #expect(try local("12:01") == "2026-01-30 12:01:00")
        #expect(try local("2025-12-24 08:15") == "2025-12-24 08:15:00")
        #expect(try local("2025-12-24T08:15:30") == "2025-12-24 08:15:30")
        #expect(try local("now") == "2026-01-31 12:00:00")
    }

    @Test
    func `any text is accepted or refused without a crash`() {
        let pieces = [
            "today", "monday", "yesterday", " ", "T", ":", "-", "08", "2026", "1", "h", "min", ".", "é", "\u{0}", "Z",
            "99999999999999999999", "+", "e", "12:00", "2026-01-31",
        ]
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 0...6)).compactMap { _ in pieces.randomElement() }.joined()
            _ = SinceText.parse(text, now: Self.now)
        }
    }
}

struct HistoryViewTests {
    private func lines(_ result: HistoryResult, since: Timestamp? = nil, isBrief: Bool = false) -> [String] {
        HistoryView.lines(result, labels: ["jazz", "rock"], since: since, isBrief: isBrief).map(\.plainText)
    }

    private let totals = [
        LabelTime(label: "no-signal", seconds: 9000), LabelTime(label: "jazz", seconds: 5400),
        LabelTime(label: "rock", seconds: 1800), LabelTime(label: "starting", seconds: 3),
    ]

    @Test
    func `totals show the time, the share of the time heard, and a bar`() {
        #expect(
            lines(HistoryResult(changes: [], totals: totals), isBrief: true) == [
                "in the whole history",
                "jazz   1 h 30 min  75 %  ██████████████████████████████",
                "rock  30 min 00 s  25 %  ██████████",
            ])
    }

    @Test
    func `a stop has no confidence, and omitted changes are mentioned`() throws {
        let time = try #require(LocalTime.timestamp(year: 2026, month: 1, day: 31, hour: 12))
        let change = Change(
            source: "a", time: time.description, position: 9, from: "jazz", to: "stopped", confidence: 0, lasted: 90)
        let text = lines(HistoryResult(changes: [change], more: true, totals: []), since: time)
        #expect(text[0].hasPrefix("older changes are omitted"))
        #expect(text.last == "12:00:00    stopped        1 min 30 s of jazz")
        #expect(lines(HistoryResult(changes: []), since: time) == ["nothing has changed since then"])
        let silent = [LabelTime(label: "no-signal", seconds: 7200)]
        #expect(lines(HistoryResult(changes: [], totals: silent), isBrief: true) == ["nothing was heard"])
    }
}
