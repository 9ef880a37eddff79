// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

@testable import Training

@Suite("Figures of streams")
struct StreamTests {
    /// Steps of a second: two clips of 16 s, of genre 0 and of genre 1.
    private func tally(_ said: (_ clip: Int, _ age: Int) -> (label: Int?, confidence: Double)) -> StreamFigures {
        var tally = StreamTally()
        tally.startStream()
        for clip in 0..<2 {
            for age in 0..<16 {
                let step = RecordedStream.Step(
                    time: Double(16 * clip + age), truth: clip, age: Double(age), clip: clip, window: nil, active: 1,
                    silent: false, elapsed: 1)
                let (label, confidence) = said(clip, age)
                tally.add(step, label: label, confidence: confidence)
            }
        }
        return tally.figures
    }

    @Test("Who is right after 2 s is right all the time that counts, and as sure as it says")
    func right() {
        let figures = tally { clip, age in (age < 2 ? nil : clip, 0.75) }
        #expect(figures.right == 1 && figures.wrong == 0 && figures.found == 1 && figures.falseChanges == 0)
        #expect(figures.medianDelay == 2 && figures.medianDelayFound == 2 && figures.clips == 2)
        #expect(figures.confidence == 0.75)
        #expect(figures.calibrationError == 0.25)
    }

    @Test("Who keeps the first label is wrong over the second clip, where it does not find the right one")
    func wrong() {
        let figures = tally { _, _ in (0, 0.5) }
        #expect(figures.right == 0.5 && figures.wrong == 0.5 && figures.found == 0.5 && figures.falseChanges == 0)
        #expect(figures.medianDelay == nil && figures.medianDelayFound == 0)
        #expect(figures.confidence == 0.5 && figures.calibrationError == 0)
    }

    @Test("Changes within a clip beyond the first are false")
    func nervous() {
        let figures = tally { _, age in (age % 2, 0.5) }
        // Sixteen labels a clip, of which the second clip's first is the change that it deserves.
        #expect(abs(figures.falseChanges * figures.minutes - 30) < 1e-9)
    }

    @Test("Who never says anything has no confidence to be judged")
    func mute() {
        let figures = tally { _, _ in (nil, 0) }
        #expect(figures.right == 0 && figures.wrong == 0 && figures.found == 0)
        #expect(figures.confidence == nil && figures.calibrationError == nil && figures.medianDelay == nil)
    }
}
