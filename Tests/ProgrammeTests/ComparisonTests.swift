// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

@testable import Programme

@Suite("Comparison of what is heard with what is played")
struct ComparisonTests {
    private let programme = Programme([(.music(.jazz, seed: 1), 10), (.silence, 5), (.music(.metal, seed: 1), 5)])

    @Test("Delay, share and the most frequent label are those of each part")
    func counts() {
        var comparison = Comparison(programme)
        for step in 1...80 {
            let time = Double(step) * 0.25
            let label = time <= 3 ? "starting" : time <= 12 ? "jazz" : time <= 17.5 ? "silence" : "metal"
            comparison.hear(label, at: time)
        }
        let results = comparison.results
        #expect(results.map(\.mostly) == ["jazz", "silence", "metal"])
        #expect(results.map(\.delay) == [3.25, 2.25, 2.75])
        #expect(results.map(\.share) == [0.7, 0.6, 0.5])
        #expect(comparison.shareRight == (7 + 3 + 2.5) / 20)
    }

    @Test("A part that is never called right has no delay, one that was not heard no label")
    func nothing() {
        var comparison = Comparison(programme)
        #expect(comparison.shareRight == nil)
        comparison.hear("metal", at: 4)
        comparison.hear("jazz", at: 0)
        comparison.hear("jazz", at: 99)
        comparison.hear("jazz", at: .nan)
        let results = comparison.results
        #expect(results.map(\.delay) == [nil, nil, nil])
        #expect(results.map(\.mostly) == ["metal", nil, nil])
        #expect(comparison.shareRight == 0)
    }
}
