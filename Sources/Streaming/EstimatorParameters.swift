// SPDX-License-Identifier: GPL-3.0-or-later

/// Parameters by which `Estimator` turns window probabilities into the published label. The defaults are tuned on
/// streams of recordings with known changes, with models that were not trained on these recordings (`genrelab streams
/// --search`).
package struct EstimatorParameters: Sendable, Equatable {
    /// Expected changes per second of what plays, such as one piece for another: one over the mean time between changes.
    package var switchRate: Double = 0.04
    /// Independent observations that a second of windows is worth as evidence of a change. Windows overlap, so this is less
    /// than their number.
    package var evidenceRate: Double = 2.5
    /// Exponent of a piece's mean window probabilities before they are published: above 1, since a piece says more than one
    /// of its windows.
    package var sharpness: Double = 1.3
    /// A genre is published when its probability reaches this.
    package var enter: Double = 0.25
    /// A published genre is kept until its probability falls below this, or another one's is greater by `margin`.
    package var leave: Double = 0.12
    /// By how much the probability of another label must exceed that of the published one to take its place, and that of music
    /// that of all else.
    package var margin: Double = 0.2

    /// Expected changes between music and each kind of other audio, per second.
    package var kindSwitchRate: Double = 1.0 / 30
    /// As `evidenceRate`, of whether there is music.
    package var kindEvidenceRate: Double = 1
    /// Exponent that these probabilities are raised to: errors within a piece are correlated.
    package var kindSharpness: Double = 0.7

    /// Audio below this level is silent, dB relative to full scale (RMS).
    package var silenceLevel: Double = -60
    /// Seconds of silence after which silence is published.
    package var silenceAfter: Double = 1.5

    package init() {}

    /// Describes the first parameter that is out of its range; nil if all are valid.
    package var problem: String? {
        func outside(_ value: Double, _ range: ClosedRange<Double>) -> Bool { !range.contains(value) }
        if outside(switchRate, 0...10) { return "switch-rate must be 0 to 10 per second, not \(switchRate)" }
        if outside(evidenceRate, 0.001...100) {
            return "evidence-rate must be 0.001 to 100 per second, not \(evidenceRate)"
        }
        if outside(sharpness, 0.01...10) { return "sharpness must be 0.01 to 10, not \(sharpness)" }
        if outside(margin, 0...0.9) { return "margin must be 0 to 0.9, not \(margin)" }
        if outside(kindSwitchRate, 0...10) {
            return "the switch rate of kinds must be 0 to 10 per second, not \(kindSwitchRate)"
        }
        if outside(kindEvidenceRate, 0.001...100) {
            return "the evidence rate of kinds must be 0.001 to 100 per second, not \(kindEvidenceRate)"
        }
        if outside(kindSharpness, 0.01...10) {
            return "the sharpness of kinds must be 0.01 to 10, not \(kindSharpness)"
        }
        if outside(enter, 0.01...1) { return "enter must be 0.01 to 1, not \(enter)" }
        if outside(leave, 0...enter) { return "leave must be 0 to enter (\(enter)), not \(leave)" }
        if outside(silenceLevel, -120...0) { return "silence-level must be -120 to 0 dB, not \(silenceLevel)" }
        if outside(silenceAfter, 0.1...600) { return "silence-after must be 0.1 to 600 seconds, not \(silenceAfter)" }
        return nil
    }
}
