// SPDX-License-Identifier: GPL-3.0-or-later

import TestSupport
import Testing

@testable import Capture

struct FormatVotesTests {
    @Test func `an early end decides as all looks would`() {
        var generator = SplitMix(state: 11)
        var (early, verdicts) = (0, 0)
        for _ in 0..<10_000 {
            let share = Double.random(in: 0...1, using: &generator)
            let looks = (0..<FormatVotes.looks).map { _ -> FormatJudge.Verdict? in
                guard Double.random(in: 0...1, using: &generator) < share else { return nil }
                return Bool.random(using: &generator) && share < 0.9 ? .noNumbers : .compressed
            }
            var votes = FormatVotes()
            // Counted to the end, whatever was decided before.
            let outcomes = looks.map { votes.count($0) }
            let whole = outcomes.lazy.compactMap { outcome -> FormatJudge.Verdict? in
                if case .decided(let verdict) = outcome { verdict } else { nil }
            }.first
            let end = outcomes.firstIndex { $0 != .open }
            #expect(end.map { outcomes[$0] } == .decided(whole), "\(looks)")
            if whole != nil { verdicts += 1 } else if end != looks.count - 1 { early += 1 }
        }
        #expect(early > 1000 && verdicts > 1000)
    }

    @Test func `five looks that find nothing wrong are enough`() {
        var votes = FormatVotes()
        for _ in 0..<4 { #expect(votes.count(nil) == .open) }
        #expect(votes.count(nil) == .decided(nil))
    }

    @Test func `seven looks decide, and six do not`() {
        var votes = FormatVotes()
        for _ in 0..<6 { #expect(votes.count(.compressed) == .open) }
        #expect(votes.count(.compressed) == .decided(.compressed))
        votes = FormatVotes()
        for _ in 0..<6 { #expect(votes.count(.compressed) == .open) }
        let rest = (0..<6).map { _ in votes.count(nil) }
        #expect(rest == [.open, .open, .open, .open, .decided(nil), .decided(nil)])
    }

    @Test func `looks that disagree cancel each other until nothing can stand any more`() {
        var votes = FormatVotes()
        let outcomes = (0..<10).map { votes.count($0 % 2 == 0 ? .compressed : nil) }
        #expect(outcomes == Array(repeating: .open, count: 9) + [.decided(nil)])
    }
}
