// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// What makes probabilities of a network's logits: softmax((logits + offsets) / temperature).
///
/// Of artists that it has not heard, a network seems to say those labels too seldom of which it has heard few: it knows
/// their tracks by heart. Offsets make up for it. They and the temperature are fitted on what was held out, each window
/// weighed as training draws it, so that a label or an artist with many windows counts no more than another
/// (bias-corrected temperature scaling: Alexandari, Kundaje and Shrikumar, "Maximum likelihood with bias-corrected
/// calibration is hard-to-beat at label shift adaptation", ICML 2020).
struct Calibration: Equatable {
    var temperature: Float = 1
    /// [labels]; 0 of `no-music` and of a label of which nothing was held out, and 0 in the mean of the others.
    var offsets: [Float]

    static func none(labels: Int) -> Calibration { Calibration(offsets: [Float](repeating: 0, count: labels)) }

    private init(temperature: Float = 1, offsets: [Float]) {
        self.temperature = temperature
        self.offsets = offsets
    }

    /// Fits it to evidence; with `offsets`, to that of the genres too.
    init(_ evidence: CalibrationSet, offsets withOffsets: Bool) {
        self = .none(labels: evidence.labels)
        guard !evidence.clips.isEmpty else { return }
        let likelihood = CalibrationLikelihood(evidence, offsetting: withOffsets ? evidence.genres : [])
        let point = likelihood.maximum()
        temperature = Float(1 / point[0])
        offsets = point[1...].map { Float($0 / point[0]) }
    }

    /// The same output as it is after calibration: probabilities are softmax(logits).
    func applied(to output: ClipOutput) -> ClipOutput {
        ClipOutput(
            name: output.name, label: output.label, store: output.store, labels: output.labels,
            logits: output.logits.enumerated().map { ($1 + offsets[$0 % output.labels]) / temperature })
    }
}
