// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Bias-corrected temperature scaling: the probabilities are softmax((logits + offsets) / temperature) (Alexandari, Kundaje
/// and Shrikumar, "Maximum likelihood with bias-corrected calibration is hard-to-beat at label shift adaptation", ICML 2020).
///
/// For artists that it was not trained on, a network predicts labels with few training artists too rarely, since it has
/// memorised their tracks. Offsets correct that. Offsets and temperature are fitted to held-out windows, weighted by the
/// probability that training draws them, so that a label or an artist with many windows counts no more than another.
struct Calibration: Equatable {
    var temperature: Float = 1
    /// [labels]: 0 for what is not music and for labels without held-out tracks; the others have mean 0.
    var offsets: [Float]

    static func none(labels: Int) -> Calibration { Calibration(offsets: [Float](repeating: 0, count: labels)) }

    private init(temperature: Float = 1, offsets: [Float]) {
        self.temperature = temperature
        self.offsets = offsets
    }

    /// Fits the temperature to held-out clips, and also the genres' offsets if `withOffsets` is set.
    init(_ data: CalibrationSet, offsets withOffsets: Bool) {
        self = .none(labels: data.labels)
        guard !data.clips.isEmpty else { return }
        let likelihood = CalibrationLikelihood(data, offsetting: withOffsets ? data.genres : [])
        let point = likelihood.maximum()
        temperature = Float(1 / point[0])
        offsets = point[1...].map { Float($0 / point[0]) }
    }

    /// Calibrates an output: its probabilities are then softmax(logits).
    func applied(to output: ClipOutput) -> ClipOutput {
        ClipOutput(
            name: output.name, label: output.label, store: output.store, labels: output.labels,
            logits: output.logits.enumerated().map { ($1 + offsets[$0 % output.labels]) / temperature })
    }
}
