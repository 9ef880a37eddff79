// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A track in memory: its frames and all that training needs to know of it.
package struct Track: Sendable {
    package let name: TrackName
    /// Index into the corpus's labels.
    package let label: Int
    /// Index into the corpus's stores.
    package let store: Int
    /// Tracks of one group are never on both sides of a division; a track that no file names is a group of its own.
    package let group: String
    /// How far the label is trusted, 0 to 1; 0 is not trained on.
    package let weight: Double
    /// The track as it is, then as it sounds through other channels: what `--variants` stores hold of it.
    package let variants: [LogMel]

    /// The features that are evaluated.
    package var features: LogMel { variants[0] }
    /// Of all values of all variants.
    let fingerprint: Fingerprint
    /// The mean of the frames' powers, dB, and the mean of all values, dB.
    let level: Float
    let meanValue: Float

    init(name: TrackName, label: Int, store: Int, group: String, weight: Double, variants: [LogMel]) {
        self.name = name
        self.label = label
        self.store = store
        self.group = group
        self.weight = weight
        self.variants = variants
        var fingerprint = Fingerprint()
        for variant in variants { fingerprint.add(variant.values) }
        self.fingerprint = fingerprint
        let values = variants[0].values
        let power = values.reduce(0.0) { $0 + pow(10, Double($1) / 10) }
        level = Float(10 * log10(power / Double(max(1, variants[0].frames)) + 1e-10))
        meanValue = Float(values.reduce(0.0) { $0 + Double($1) } / Double(max(1, values.count)))
    }
}
