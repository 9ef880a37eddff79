// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

@testable import genred_outlet

/// Drives an engine as the outlet does: each change when it happens, and `advance` when it says that something is due.
private struct Drive {
    var engine: RuleEngine
    var now = 0.0
    var seq = 0
    var fired: [String] = []
    /// When each of them fired.
    var times: [Double] = []

    init(_ rules: [HookRule]) { engine = RuleEngine(rules) }

    mutating func change(_ label: String, at time: Double, source: String = "radio", now: Double? = nil) {
        if now == nil { run(to: time) }
        seq += 1
        let heard = Drive.heard(label, time, seq, source)
        note(engine.apply(heard, now: now ?? time))
    }

    /// Lets time pass, as live.
    mutating func run(to time: Double) {
        while let deadline = engine.deadline(isConnected: true), deadline <= time {
            now = max(now, deadline)
            note(engine.advance(to: now, isConnected: true))
        }
        now = max(now, time)
        note(engine.advance(to: now, isConnected: true))
    }

    private mutating func note(_ firings: [RuleEngine.Firing]) {
        for (_, firing) in firings {
            times.append(now)
            fired.append("\(firing.kind) \(firing.heard.change.to) \(firing.heard.change.seq) \(firing.held)")
        }
    }

    static func heard(_ label: String, _ time: Double, _ seq: Int, _ source: String) -> HeardChange {
        HeardChange(
            change: Change(
                source: source, time: "", position: 0, from: "", to: label, confidence: 1, lasted: 0, seq: seq),
            instance: "i", time: time, replayed: false)
    }
}

private func rule(
    _ labels: [String]?, for duration: Double = 0, cooldown: Double = 0, back: Double? = nil, sources: [String]? = nil,
    maxAge: Double = 600, name: String = "rule"
) -> HookRule {
    HookRule(
        name: name,
        condition: HookCondition(
            labels: labels, duration: duration, cooldown: cooldown, back: back, sources: sources),
        maxAge: maxAge, action: .command(HookProgram(arguments: ["/bin/true"])))
}

struct HookRuleStateTests {
    @Test func `a rule fires once when its label has lasted, and again after it was gone`() {
        var drive = Drive([rule(["silence"], for: 30)])
        drive.change("silence", at: 0)
        drive.run(to: 29.9)
        #expect(drive.fired == [])
        drive.run(to: 500)
        #expect(drive.fired == ["on silence 1 30.0"])
        drive.change("jazz", at: 500)
        drive.change("silence", at: 510)
        drive.change("jazz", at: 520)
        drive.change("silence", at: 530)
        drive.run(to: 1000)
        #expect(drive.fired == ["on silence 1 30.0", "on silence 5 30.0"])
    }

    @Test func `labels of one rule are one condition`() {
        var drive = Drive([rule(["silence", "no-signal"], for: 30)])
        drive.change("silence", at: 0)
        drive.change("no-signal", at: 20)
        drive.change("silence", at: 25)
        drive.run(to: 100)
        #expect(drive.fired == ["on silence 1 30.0"])
    }

    @Test func `the end is reported once it has lasted, and a click ends nothing`() {
        var drive = Drive([rule(["silence"], for: 10, back: 5)])
        drive.change("silence", at: 0)
        drive.change("jazz", at: 20)
        drive.change("silence", at: 22)
        drive.change("jazz", at: 40)
        drive.change("rock", at: 43)
        drive.run(to: 44.9)
        #expect(drive.fired == ["on silence 1 10.0"])
        drive.run(to: 100)
        #expect(drive.fired == ["on silence 1 10.0", "back jazz 4 40.0"])
    }

    @Test func `an end without a beginning that was reported is not reported`() {
        var drive = Drive([rule(["silence"], for: 10, back: 0)])
        drive.change("silence", at: 0)
        drive.change("jazz", at: 9)
        drive.run(to: 100)
        #expect(drive.fired == [])
    }

    @Test func `a restart of genred is neither the sound coming back nor more silence`() {
        var drive = Drive([rule(["silence"], for: 30, back: 0)])
        drive.change("silence", at: 0)
        drive.change("stopped", at: 20)
        drive.change("starting", at: 120)
        drive.change("silence", at: 123)
        drive.run(to: 132.9)
        #expect(drive.fired == [])
        drive.run(to: 133)
        #expect(drive.fired == ["on silence 1 30.0"])
        drive.change("stopped", at: 140)
        drive.change("starting", at: 150)
        drive.change("jazz", at: 153)
        drive.run(to: 160)
        #expect(drive.fired.last == "back jazz 7 37.0")
    }

    @Test func `a source that is lost in silence has not come back, but ends a rule on a genre`() {
        var drive = Drive([rule(["silence"], back: 0), rule(["jazz"], back: 0, name: "other")])
        drive.change("silence", at: 0)
        drive.change("no-signal", at: 10)
        drive.run(to: 20)
        #expect(drive.fired == ["on silence 1 0.0"])
        drive.change("jazz", at: 20)
        drive.change("no-signal", at: 30)
        drive.run(to: 40)
        #expect(drive.fired.suffix(2) == ["on jazz 3 0.0", "back no-signal 4 10.0"])
    }

    @Test func `a cooldown holds back, and what still holds then is reported`() {
        var drive = Drive([rule(nil, cooldown: 60)])
        drive.change("jazz", at: 0)
        drive.change("rock", at: 10)
        drive.change("pop", at: 50)
        drive.run(to: 59.9)
        #expect(drive.fired == ["on jazz 1 0.0"])
        drive.run(to: 60)
        #expect(drive.fired == ["on jazz 1 0.0", "on pop 3 10.0"])
    }

    @Test func `sources count by themselves`() {
        var drive = Drive([rule(["silence"], for: 10, sources: ["a", "b"])])
        drive.change("silence", at: 0, source: "a")
        drive.change("silence", at: 5, source: "b")
        drive.change("silence", at: 6, source: "c")
        drive.change("jazz", at: 8, source: "a")
        drive.run(to: 100)
        #expect(drive.fired == ["on silence 2 10.0"])
    }

    @Test func `after an absence what is over is told only if it is recent, and what still holds in any case`() {
        var drive = Drive([rule(["jazz", "rock", "pop"], maxAge: 600), rule(nil, maxAge: 600, name: "any")])
        drive.change("jazz", at: 0, now: 10_000)
        drive.change("silence", at: 100, now: 10_000)
        drive.change("rock", at: 200, now: 10_000)
        #expect(drive.fired == [])
        drive.now = 10_000
        drive.run(to: 10_000)
        #expect(drive.fired == ["on rock 3 9800.0", "on rock 3 9800.0"])
        drive.change("silence", at: 10_050, now: 10_300)
        drive.change("pop", at: 10_060, now: 10_300)
        drive.change("silence", at: 10_070, now: 10_300)
        drive.run(to: 10_300)
        #expect(
            drive.fired.dropFirst(2) == ["on silence 4 0.0", "on pop 5 0.0", "on pop 5 0.0", "on silence 6 0.0"])
    }

    @Test func `a change that comes twice counts once`() {
        var drive = Drive([rule(nil)])
        drive.change("jazz", at: 0)
        drive.run(to: 1)
        drive.seq = 0
        drive.change("jazz", at: 2)
        drive.run(to: 3)
        #expect(drive.fired.count == 1)
    }

    @Test func `while genred cannot be reached, only what has stopped is known`() {
        var engine = RuleEngine([rule(["silence", "stopped"], for: 10)])
        _ = engine.apply(Drive.heard("silence", 0, 1, "a"), now: 0)
        _ = engine.apply(Drive.heard("stopped", 0, 2, "b"), now: 0)
        #expect(engine.advance(to: 20, isConnected: false).map(\.firing.heard.change.source) == ["b"])
        #expect(engine.deadline(isConnected: false) == nil)
        #expect(engine.advance(to: 30, isConnected: true).map(\.firing.heard.change.source) == ["a"])
    }

    @Test func `a rule that a reload adds or changes begins with what is playing; the others go on`() {
        var drive = Drive([rule(["silence"], for: 10, name: "a"), rule(["silence"], for: 50, name: "b")])
        drive.change("silence", at: 0)
        drive.run(to: 20)
        drive.engine.use([
            rule(["silence"], for: 10, name: "a"), rule(["silence"], for: 30, name: "b"), rule(nil, name: "c"),
        ])
        drive.run(to: 100)
        #expect(drive.fired == ["on silence 1 10.0", "on silence 1 20.0", "on silence 1 30.0"])
    }

    @Test(arguments: ["speech", "noise", "no-music"]) func `a rule on no-music means its kinds, too`(label: String) {
        let condition = HookCondition(labels: ["no-music"])
        #expect(condition.verdict(on: label) == .holds)
        #expect(condition.verdict(on: "jazz") == .isOver)
        #expect(HookCondition(labels: ["speech"]).verdict(on: label) == (label == "speech" ? .holds : .isOver))
    }

    @Test func `the laws hold for random rules and changes, in steps of any size and over restarts`() throws {
        var generator = SplitMix(state: 16)
        let labels = ["silence", "no-signal", "jazz", "rock", "starting", "stopped", "no-music"]
        var firings = 0
        for _ in 0..<1500 {
            let isAny = Int.random(in: 0..<5, using: &generator) == 0
            let some = labels.shuffled(using: &generator).prefix(Int.random(in: 1...3, using: &generator))
            let one = rule(
                isAny ? nil : Array(some), for: Double(Int.random(in: 0...20, using: &generator)),
                cooldown: Double([0, 0, 30].randomElement(using: &generator)!),
                back: isAny || Bool.random(using: &generator) ? nil : Double(Int.random(in: 0...8, using: &generator)))
            var (exact, fine) = (Drive([one]), Drive([one]))
            var time = 0.0
            var changes: [(label: String, time: Double)] = []
            for _ in 0..<20 {
                time += Double(Int.random(in: 0...25, using: &generator))
                let label = labels.randomElement(using: &generator)!
                changes.append((label, time))
                exact.change(label, at: time)
                // The other one is asked more often than it has to be, and restarts in between.
                for step in stride(from: fine.now, to: time, by: 3.7) { fine.run(to: step) }
                if Bool.random(using: &generator) {
                    let memory = try JSONDecoder().decode(
                        RuleEngine.Memory.self, from: JSONEncoder().encode(fine.engine.memory))
                    fine.engine = RuleEngine([one], memory: memory)
                }
                fine.change(label, at: time)
            }
            exact.run(to: time + 100)
            fine.run(to: time + 100)
            #expect(exact.fired == fine.fired)
            firings += exact.fired.count
            try check(exact, of: one, changes)
        }
        #expect(firings > 3000)
    }

    private func check(_ drive: Drive, of rule: HookRule, _ changes: [(label: String, time: Double)]) throws {
        var seen: Set<Int> = []
        var last: String?
        var lastOn: Double?
        for (line, time) in zip(drive.fired, drive.times) {
            let words = line.split(separator: " ").map(String.init)
            let (seq, held) = (try #require(Int(words[2])), try #require(Double(words[3])))
            #expect(seen.insert(seq).inserted, "no change fires twice: \(drive.fired)")
            #expect((words[0] == "on") == (rule.condition.verdict(on: changes[seq - 1].label) == .holds))
            if words[0] == "on" {
                #expect(held >= rule.condition.duration)
                #expect(held <= time - changes[seq - 1].time)
                if rule.condition.back != nil { #expect(last != "on", "an end between two beginnings: \(drive.fired)") }
                if let lastOn { #expect(time - lastOn >= rule.condition.cooldown, "\(drive.fired)") }
                lastOn = time
            } else {
                #expect(last == "on" && rule.condition.back != nil)
            }
            last = words[0]
        }
    }
}
