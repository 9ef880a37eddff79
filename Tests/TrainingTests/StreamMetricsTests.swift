// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

@testable import Training

struct StreamMetricsTests {
    /// Steps of a second: two clips of 16 s, of genre 0 and of genre 1.
    private func tally(_ predicted: (_ clip: Int, _ age: Int) -> (label: Int?, confidence: Double)) -> StreamMetrics {
        var tally = StreamTally()
        tally.startStream()
        for clip in 0..<2 {
            for age in 0..<16 {
                let step = RecordedStream.Step(
                    time: Double(16 * clip + age), reference: clip, age: Double(age), clip: clip,
                    windowProbabilities: nil,
                    active: 1,
                    silent: false, elapsed: 1)
                let (label, confidence) = predicted(clip, age)
                tally.add(step, label: label, confidence: confidence)
            }
        }
        return tally.metrics
    }

    @Test func `a label that is right after 2 s is right all the evaluated time`() {
        let metrics = tally { clip, age in (age < 2 ? nil : clip, 0.75) }
        #expect(metrics.right == 1 && metrics.wrong == 0 && metrics.found == 1 && metrics.falseChanges == 0)
        #expect(metrics.medianDelay == 2 && metrics.medianDelayFound == 2 && metrics.clips == 2)
        #expect(metrics.confidence == 0.75)
        #expect(metrics.calibrationError == 0.25)
    }

    @Test func `a label that never changes is wrong for the second clip`() {
        let metrics = tally { _, _ in (0, 0.5) }
        #expect(metrics.right == 0.5 && metrics.wrong == 0.5 && metrics.found == 0.5 && metrics.falseChanges == 0)
        #expect(metrics.medianDelay == nil && metrics.medianDelayFound == 0)
        #expect(metrics.confidence == 0.5 && metrics.calibrationError == 0)
    }

    @Test func `what was published, and whether the alternatives held the right label`() {
        var tally = StreamTally(labels: ["jazz", "rock", "speech"], noMusic: [2])
        tally.startStream()
        for (age, label) in [(0, 0), (7, 0), (8, 2), (9, nil), (10, 1)] as [(Int, Int?)] {
            let step = RecordedStream.Step(
                time: Double(age), reference: 0, age: Double(age), clip: 0, windowProbabilities: nil, active: 1,
                silent: false, elapsed: 1)
            tally.add(step, label: label, confidence: 0.5, alternatives: age < 9 ? [0, 1] : [1])
        }
        #expect(tally.metrics.published == ["genre": 0.5, "speech": 0.25, "unsure": 0.25])
        #expect(tally.metrics.amongAlternatives == 0.5 && tally.metrics.alternatives == 1.5)
    }

    @Test func `changes within a clip after the first are false`() {
        let metrics = tally { _, age in (age % 2, 0.5) }
        // The label changes 16 times in each clip, and one change in each is right.
        #expect(abs(metrics.falseChanges * metrics.minutes - 30) < 1e-9)
    }

    @Test func `without a published label there is no confidence`() {
        let metrics = tally { _, _ in (nil, 0) }
        #expect(metrics.right == 0 && metrics.wrong == 0 && metrics.found == 0)
        #expect(metrics.confidence == nil && metrics.calibrationError == nil && metrics.medianDelay == nil)
    }
}
