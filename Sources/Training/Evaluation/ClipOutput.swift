// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model
import Streaming

/// A model's logits for the windows of one track.
package struct ClipOutput: Sendable {
    package let name: TrackName
    /// Reference label, an index into the labels.
    package let label: Int
    /// Index of the track's store in the corpus.
    package let store: Int
    package let labels: Int
    /// [windows, labels]: one row for every `architecture.step` frames. Calibrated logits have temperature 1.
    package let logits: [Float]

    package var windows: Int { logits.count / labels }

    package init(name: TrackName, label: Int, store: Int, labels: Int, logits: [Float]) {
        self.name = name
        self.label = label
        self.store = store
        self.labels = labels
        self.logits = logits
    }

    /// The log-probabilities of a window.
    package func logProbabilities(window: Int, temperature: Float = 1) -> [Float] {
        let row = logits[(window * labels)..<((window + 1) * labels)].map { $0 / temperature }
        let largest = row.max() ?? 0
        let logSum = log(row.reduce(0) { $0 + exp($1 - largest) }) + largest
        return row.map { $0 - logSum }
    }
}

extension [ClipOutput] {
    /// The first output of each track. Tracks that several folds hold out would otherwise count several times.
    var eachTrackOnce: [ClipOutput] {
        var known: Set<TrackName> = []
        return filter { known.insert($0.name).inserted }
    }
}
