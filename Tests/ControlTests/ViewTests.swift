// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Testing

@testable import genrectl

struct ViewTests {
    private static let now = Timestamp(milliseconds: 1_769_846_400_000)

    private static func estimate(_ source: String, _ label: String, confidence: Double = 0.8) -> Estimate {
        var probabilities = Dictionary(uniqueKeysWithValues: Programme.labels.map { ($0, (1 - confidence) / 10) })
        let state = EstimateState(rawValue: label) ?? .genre
        if state == .genre { probabilities[label] = confidence }
        return Estimate(
            source: source, time: now.description, position: 100, state: state, genre: state == .genre ? label : nil,
            confidence: confidence, probabilities: probabilities, since: now.adding(seconds: -90).description,
            level: -20)
    }

    private static func state(_ count: Int, label: String = "rock") -> WatchState {
        var state = WatchState(path: "/run/genred/genred.sock")
        state.palette = Palette(labels: Programme.labels)
        let sources = Programme.sources(count)
        state.update(sources)
        state.update(sources.map { estimate($0.name, label) })
        state.replaceHistory(
            sources.flatMap { source in
                (1...6).map { index in
                    let time = now.adding(seconds: Double(index - 7) * 60)
                    return Change(
                        source: source.name, time: time.description, position: 0, from: index % 2 == 0 ? "jazz" : "pop",
                        to: index % 2 == 0 ? "pop" : "jazz", confidence: 0.5, lasted: 60)
                }
            })
        return state
    }

    private func text(
        _ state: WatchState, _ columns: Int, _ rows: Int,
        painter: Painter = Painter(colours: .extended, isUnicode: true)
    ) -> [String] {
        let view = WatchView(state: state, columns: columns, rows: rows, painter: painter, now: Self.now)
        return view.lines().map(\.plainText)
    }

    @Test
    func `the view fits any terminal with any number of sources`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<400 {
            var state = Self.state(
                Int.random(in: 0...30, using: &random),
                label: (Programme.labels + ["silence", "unsure", "no-signal"]).randomElement(using: &random) ?? "rock")
            state.select(by: Int.random(in: 0...40, using: &random))
            state.changeSpan(by: Int.random(in: -3...3, using: &random))
            if Bool.random(using: &random) { state.toggleList() }
            if Bool.random(using: &random) { state.connection = .lost(since: Self.now, reason: "gone") }
            let columns = Int.random(in: 0...250, using: &random)
            let rows = Int.random(in: 0...80, using: &random)
            let view = WatchView(
                state: state, columns: columns, rows: rows,
                painter: Painter(colours: Bool.random() ? .none : .extended, isUnicode: Bool.random()), now: Self.now)
            let lines = view.lines()
            #expect(lines.count <= rows)
            #expect(lines.allSatisfy { $0.width <= columns })
        }
    }

    @Test
    func `a usual terminal shows the label, bars in the model's order, level, timeline, legend, changes and keys`() {
        let lines = text(Self.state(1), 100, 30)
        let all = lines.joined(separator: "\n")
        let bars = Programme.labels.map { label in
            lines.firstIndex { $0.contains(" \(Wording.label(label)) ") && $0.contains("%") && $0.contains("╌") } ?? -1
        }
        #expect(!bars.contains(-1) && bars == bars.sorted())
        for text in [
            "█▀▀▄", "80 % sure", "for 1 min 30 s", "level", "-20 dB", "│-5 min", "now│", "■ jazz",
            "after 1 min 00 s of pop",
            "q quit", "S16 48000 Hz 2 channels",
        ] { #expect(all.contains(text), "\(text)") }
    }

    @Test
    func `a small terminal still shows the label, the best bars and the level`() {
        let all = text(Self.state(1), 40, 10).joined(separator: "\n")
        for text in ["radio", "ROCK", "80 %", "level", "q quit"] { #expect(all.contains(text), "\(text)") }
    }

    @Test
    func `with many sources the selected one is visible, with its details below`() {
        var state = Self.state(30)
        for step in [0, 7, 29] {
            state.select(by: -100)
            state.select(by: step)
            let lines = text(state, 100, 40)
            #expect(lines.contains { $0.hasPrefix("▸ ● \(state.selected?.status.name ?? "?")") })
            #expect(lines.contains { $0.hasPrefix("● \(state.selected?.status.name ?? "?")") })
        }
        state.toggleList()
        #expect(!text(state, 100, 40).joined().contains("classical"))
    }

    @Test
    func `the strip shows the labels at their times, and nothing where none is known`() {
        let state = Self.state(1)
        let source = state.sources[0]
        let strip = TimeStrip(
            source, columns: 15, span: 900, now: Self.now, palette: state.palette, hasColours: false)
        // Pop and jazz alternate for six minutes. The estimate has lasted for a minute and a half, but the last change
        // was a minute ago.
        #expect(
            strip.labels == Array(repeating: nil, count: 8) + ["pop", "jazz", "pop", "jazz", "pop", "jazz", "rock"])
        #expect(strip.line(names: true).plainText == "┈┈┈┈┈┈┈┈pjpjpjk")
        #expect(strip.legend(columns: 80).map(\.plainText) == ["j jazz  p pop  k rock"])
    }

    @Test
    func `a long label is named in the strip`() {
        let strip = TimeStrip(
            Self.state(1).sources[0], columns: 60, span: 60, now: Self.now, palette: Palette(labels: Programme.labels),
            hasColours: true)
        #expect(strip.line(names: true).plainText.hasPrefix(" rock "))
    }

    @Test
    func `control characters in names never reach the terminal`() {
        var state = WatchState(path: "/tmp/\u{1B}[2J")
        state.palette = Palette(labels: ["a\u{7}b", "c\nd"])
        var source = Programme.sources(1)[0]
        source.name = "\u{1B}]0;gotcha\u{7}"
        source.device = "x\r\n\u{202E}evil"
        source.lastError = "\u{9B}31m"
        source.state = .lost
        state.update([source])
        var estimate = Self.estimate(source.name, "a\u{7}b")
        estimate.probabilities = ["a\u{7}b": .nan, "c\nd": .infinity]
        estimate.confidence = .nan
        estimate.level = .nan
        estimate.position = .infinity
        estimate.since = "when?"
        state.update([estimate])
        for painter in [Painter(colours: .none, isUnicode: true), Painter(colours: .none, isUnicode: false)] {
            for (columns, rows) in [(40, 10), (80, 24), (120, 40)] {
                let view = WatchView(state: state, columns: columns, rows: rows, painter: painter, now: Self.now)
                let text = view.lines().map(painter.paint).joined().replacing("\u{1B}[1m", with: "")
                    .replacing("\u{1B}[0m", with: "")
                #expect(text.contains(painter.isUnicode ? "\u{FFFD}" : "?"))
                #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
            }
        }
        let lines = CurrentView.lines([estimate], now: Self.now) + SourcesView.lines([source], now: Self.now)
        #expect(lines.allSatisfy { !$0.plainText.unicodeScalars.contains { $0.value < 0x20 } })
    }

    @Test
    func `the labels of a new model are shown from its first estimate`() {
        var state = Self.state(1)
        guard var estimate = state.sources[0].estimate else {
            Issue.record("no estimate")
            return
        }
        (estimate.state, estimate.genre, estimate.label) = (.genre, "ska", "ska")
        estimate.probabilities = ["ska": 0.7, "dub": 0.3]
        state.apply(.estimate(estimate))
        #expect(state.palette.labels == ["dub", "ska"])
        #expect(text(state, 100, 40).contains { $0.contains("dub") && $0.contains("30 %") })
    }

    @Test
    func `a lost device and a lost connection are shown`() {
        var state = Self.state(2)
        state.apply(.state(DeviceChange(source: "radio", time: "", state: .lost, message: "unplugged")))
        #expect(text(state, 100, 40).contains { $0.contains("unplugged") })
        state.connection = .lost(since: Self.now.adding(seconds: -5), reason: "it went")
        #expect(text(state, 100, 40)[0].contains("no connection for 5 s, retrying: it went"))
        state.apply(.lost(Lost(estimates: 3)))
        state.connection = .connected
        #expect(text(state, 100, 40)[0].contains("3 estimates dropped"))
    }

    @Test
    func `an estimate of an unknown source is reported as unknown`() {
        var state = Self.state(1)
        let isKnown = ["radio", "attic"].map { state.apply(.estimate(Self.estimate($0, "jazz"))) }
        #expect(isKnown == [true, false])
    }
}

struct TimelineTests {
    private func at(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: 0).adding(seconds: seconds) }

    private func change(_ from: String, _ to: String, at seconds: Double, lasted: Double) -> Change {
        Change(
            source: "a", time: at(seconds).description, position: 0, from: from, to: to, confidence: 1, lasted: lasted)
    }

    @Test
    func `each column has the label that lasted longest in it`() {
        let timeline = Timeline(changes: [change("a", "b", at: 13, lasted: 13), change("b", "c", at: 16, lasted: 3)])
        let current = Timeline.Segment(label: "c", start: at(16), end: at(30))
        #expect(timeline.columns(3, from: at(0), to: at(30), current: current) == ["a", "c", "c"])
        #expect(timeline.columns(6, from: at(0), to: at(30), current: current) == ["a", "a", "a", "c", "c", "c"])
        #expect(timeline.columns(30, from: at(0), to: at(30), current: current)[13...15].allSatisfy { $0 == "b" })
    }

    @Test
    func `time between segments stays empty`() {
        let timeline = Timeline(changes: [change("a", "b", at: 10, lasted: 10), change("b", "c", at: 30, lasted: 5)])
        #expect(timeline.columns(6, from: at(0), to: at(30), current: nil) == ["a", "a", nil, nil, nil, "b"])
    }

    @Test
    func `random segments stay within the columns and agree with a count by the second`() {
        for _ in 0..<200 {
            var time = 0.0
            var truth: [String] = []
            var changes: [Change] = []
            var label = "a"
            while time < 600 {
                let lasted = Double(Int.random(in: 1...60))
                time += lasted
                let next = ["a", "b", "c"].filter { $0 != label }.randomElement() ?? "a"
                truth += Array(repeating: label, count: Int(lasted))
                changes.append(change(label, next, at: time, lasted: lasted))
                label = next
            }
            let timeline = Timeline(changes: changes)
            let columns = timeline.columns(600, from: at(0), to: at(600), current: nil)
            #expect(columns == truth.prefix(600).map { $0 })
            #expect(timeline.columns(7, from: at(-100), to: at(50), current: nil).count == 7)
            #expect(timeline.columns(0, from: at(0), to: at(50), current: nil).isEmpty)
            #expect(timeline.columns(5, from: at(50), to: at(50), current: nil).isEmpty)
        }
    }

    @Test
    func `the timeline is bounded`() {
        var timeline = Timeline()
        for index in 0..<20_000 { timeline.append(change("a", "b", at: Double(index), lasted: 1)) }
        #expect((Timeline.capacity...Timeline.capacity + 100).contains(timeline.past.count))
        #expect(timeline.past.last?.end == at(19_999))
    }
}
