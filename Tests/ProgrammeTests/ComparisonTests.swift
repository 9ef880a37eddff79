// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

@testable import Programme

struct ComparisonTests {
    private let programme = Programme([(.music(.jazz, seed: 1), 10), (.silence, 5), (.music(.metal, seed: 1), 5)])

    @Test
    func `each part has its delay, share and most frequent label`() {
        var comparison = Comparison(programme)
        for step in 1...80 {
            let time = Double(step) * 0.25
            let label =
                switch time {
                case ...3: "starting"
                case ...12: "jazz"
                case ...17.5: "silence"
                default: "metal"
                }
            comparison.record(label, at: time)
        }
        let results = comparison.results
        #expect(results.map(\.mostly) == ["jazz", "silence", "metal"])
        #expect(results.map(\.delay) == [3.25, 2.25, 2.75])
        #expect(results.map(\.share) == [0.7, 0.6, 0.5])
        #expect(comparison.shareRight == (7 + 3 + 2.5) / 20)
    }

    @Test
    func `a part that is never recognised has no delay, and one that was not heard has no label`() {
        var comparison = Comparison(programme)
        #expect(comparison.shareRight == nil)
        comparison.record("metal", at: 4)
        comparison.record("jazz", at: 0)
        comparison.record("jazz", at: 99)
        comparison.record("jazz", at: .nan)
        let results = comparison.results
        #expect(results.map(\.delay) == [nil, nil, nil])
        #expect(results.map(\.mostly) == ["metal", nil, nil])
        #expect(comparison.shareRight == 0)
    }
}
