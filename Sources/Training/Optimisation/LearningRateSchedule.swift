// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

extension TrainingConfiguration {
    /// The learning rate of a step: a linear warm-up, then half a cosine.
    func rate(step: Int) -> Double {
        let total = Double(steps)
        let rising = (total * warmUp).rounded(.down)
        if Double(step) < rising { return learningRate * Double(step + 1) / rising }
        let progress = (Double(step) - rising) / (total - rising)
        return learningRate * (0.5 * (1 + cos(.pi * progress)) + 1e-3)
    }
}
