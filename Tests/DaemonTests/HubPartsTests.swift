// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Testing

@testable import genred

struct AnalysisProgressTests {
    @Test func `an analysis hangs when work waits at two checks in a row and nothing was taken`() {
        var progress = AnalysisProgress()
        func check(_ taken: Int, _ hasWork: Bool) -> AnalysisProgress.Verdict {
            progress.check(taken, hasWork: hasWork)
        }
        #expect(check(5, true) == .alive)
        #expect(check(5, false) == .alive, "no work")
        #expect(check(5, true) == .alive, "the work may just have come")
        #expect(check(5, true) == .hangs)
        #expect(check(5, true) == .stillHangs)
        #expect(check(6, true) == .aliveAgain)
        #expect(check(6, true) == .alive)
        #expect(check(7, true) == .alive)
    }
}

struct LabelTallyTests {
    @Test func `a summary has the shares and the dropped samples since the last one`() {
        var (tally, totals) = (LabelTally(), SourceTotals())
        totals.add(30, to: "jazz")
        totals.add(60, to: "rock")
        totals.add(30, to: "jazz")
        let first = tally.takeSummary(of: totals.labels, dropped: 7)
        #expect(first.text == "jazz 50 %, rock 50 %; 7 samples dropped: the processor did not keep up")
        #expect(!first.isEmpty)
        totals.add(1, to: "rock")
        #expect(tally.takeSummary(of: totals.labels, dropped: 7).text == "rock 100 %")
        let last = tally.takeSummary(of: totals.labels, dropped: 7)
        #expect(last.text == "nothing" && last.isEmpty)
    }
}

struct LabelSpanTests {
    @Test func `a label lasts from its beginning, and a correction is not a beginning`() {
        var span = LabelSpan(began: .now)
        span.advance(by: 2)
        span.correct(to: "no-signal", at: .now)
        #expect(span.isNew && span.lasted == 2)
        let early = span.takeNote()
        #expect(!early, "nothing has been heard yet")
        span.settle()
        let notes = (span.takeNote(), span.takeNote())
        #expect(notes == (true, false), "once each time")
        span.advance(by: 3)
        #expect(span.lasted == 5)
        let order = span.order
        span.begin("jazz", at: .now)
        #expect(span.label == "jazz" && span.lasted == 0 && span.order > order)
    }
}
