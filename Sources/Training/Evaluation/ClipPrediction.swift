// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// The prediction for a stretch of audio, combined from its windows.
package struct ClipPrediction: Sendable {
    /// Index of the predicted label.
    package var label: Int
    /// Normalised geometric mean of the windows' probabilities, for each label. The predicted label has the largest one.
    package var probabilities: [Double]
    /// Share of windows with each label as their most probable one.
    package var votes: [Double]
    package var windows: Int

    /// Combines window probabilities; nil if there are no windows.
    package init?(windows: [[Float]]) {
        guard let count = windows.first?.count else { return nil }
        var sums = [Double](repeating: 0, count: count)
        votes = [Double](repeating: 0, count: count)
        for window in windows {
            var best = 0
            for label in 0..<count {
                // A probability can be 0 in single precision.
                sums[label] += log(max(1e-30, Double(window[label])))
                if window[label] > window[best] { best = label }
            }
            votes[best] += 1 / Double(windows.count)
        }
        let means = sums.map { $0 / Double(windows.count) }
        let largest = means.max() ?? 0
        let scale = means.reduce(0) { $0 + exp($1 - largest) }
        probabilities = means.map { exp($0 - largest) / scale }
        label = means.firstIndex(of: largest) ?? 0
        self.windows = windows.count
    }
}
