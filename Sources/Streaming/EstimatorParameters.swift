// SPDX-License-Identifier: GPL-3.0-or-later

/// Parameters by which `Estimator` turns window probabilities into the published label. The defaults are tuned on
/// streams of recordings with known changes, with models that were not trained on these recordings (`genrelab streams
/// --search`).
package struct EstimatorParameters: Sendable, Equatable {
    /// Expected changes of genre per second: one over the mean time between changes.
    package var switchRate: Double = 1.0 / 60
    /// Independent observations that a second of windows is worth. Windows overlap, so this is less than their number.
    package var evidenceRate: Double = 0.7
    /// Exponent that the filter's probabilities are raised to before they are published. Errors within one track are
    /// correlated, so the filter alone is overconfident.
    package var sharpness: Double = 0.4
    /// A label is published when its probability reaches this.
    package var enter: Double = 0.35
    /// A published label is kept until its probability falls below this, or another one reaches `enter`.
    package var leave: Double = 0.22
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
        if outside(sharpness, 0.01...1) { return "sharpness must be 0.01 to 1, not \(sharpness)" }
        if outside(enter, 0.01...1) { return "enter must be 0.01 to 1, not \(enter)" }
        if outside(leave, 0...enter) { return "leave must be 0 to enter (\(enter)), not \(leave)" }
        if outside(silenceLevel, -120...0) { return "silence-level must be -120 to 0 dB, not \(silenceLevel)" }
        if outside(silenceAfter, 0.1...600) { return "silence-after must be 0.1 to 600 seconds, not \(silenceAfter)" }
        return nil
    }
}
