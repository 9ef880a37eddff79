// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Testing

@testable import Training

struct ClassificationMetricsTests {
    /// A clip whose windows have the given logits.
    static func clip(_ label: Int, _ rows: [[Float]]) -> ClipOutput {
        ClipOutput(
            name: TrackName(genre: "g\(label)", track: "\(UUID())"), label: label, store: 0, labels: rows[0].count,
            logits: rows.flatMap { $0 })
    }

    @Test func `windows and clips are counted by reference and predicted label`() {
        // For the first clip, the mean log-probability predicts 1 and the majority 0.
        let clips = [Self.clip(0, [[1, 0], [1, 0], [0, 9]]), Self.clip(1, [[0, 3]])]
        let metrics = ClassificationMetrics(clips, labels: ["a", "b"])
        #expect(metrics.windows.n == 4)
        #expect(metrics.windows.accuracy == 0.75)
        #expect(metrics.confusion == [[2, 1], [0, 1]])
        #expect(metrics.clips.accuracy == 0.5)
        #expect(metrics.clips.confusion == [[0, 1], [0, 1]])
        #expect(ClassificationMetrics(clips, labels: ["a", "b"], vote: .majority).clips.accuracy == 1)
        #expect(abs(metrics.perLabel[0].f1 - 0.8) < 1e-9)
    }

    @Test func `the interval agrees with published tables of Wilson's`() {
        let interval = Proportion(hits: 81, count: 263)
        #expect(abs(interval.low - 0.2553) < 1e-4 && abs(interval.high - 0.3662) < 1e-4)
        #expect(Proportion(hits: 0, count: 10).low == 0)
    }
}
