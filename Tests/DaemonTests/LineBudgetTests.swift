// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

@testable import genred

struct LineBudgetTests {
    @Test func `some lines at once, then one a second, and what was left out is counted`() {
        var budget = LineBudget(at: 100)
        let most = Int(LineBudget.most)
        #expect((0..<most).allSatisfy { _ in budget.take(at: 100) == 0 })
        #expect((0..<7).allSatisfy { _ in budget.take(at: 100.5) == nil })
        #expect(budget.take(at: 101) == 7)
        #expect(budget.take(at: 101.5) == nil)
        #expect(budget.take(at: 102) == 1)
        // After a long pause no more lines at once than at the start.
        #expect((0..<(most + 5)).count { _ in budget.take(at: 1e6) != nil } == most)
    }
}
