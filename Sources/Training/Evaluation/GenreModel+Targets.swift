// SPDX-License-Identifier: GPL-3.0-or-later

import Model

extension GenreModel {
    /// The mean of the models' calibrated probabilities for each 3 s of a track: [rows, labels], row k for the frames from
    /// 50k on.
    ///
    /// A network has an output every few frames; a row has that of the window that begins nearest to it.
    ///
    /// - Parameters:
    ///   - features: at least one window long.
    ///   - models: one or more, with the same labels.
    package static func targets(of features: LogMel, by models: [GenreModel]) -> [Float] {
        let rowFrames = TrackTargets.rowFrames
        let labels = models[0].labels.count
        let count = features.frames / rowFrames
        var result = [Float](repeating: 0, count: count * labels)
        for model in models {
            let logits = model.logits(of: features)
            let windows = logits.count / labels
            let step = model.architecture.step
            for row in 0..<count {
                let window = min(windows - 1, (row * rowFrames + step / 2) / step)
                var probabilities = Array(logits[(window * labels)..<((window + 1) * labels)])
                probabilities.withUnsafeMutableBufferPointer { model.calibrate($0) }
                for label in 0..<labels { result[row * labels + label] += probabilities[label] / Float(models.count) }
            }
        }
        return result
    }
}
