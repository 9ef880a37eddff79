// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A track in memory: its frames, label, group and weight.
package struct Track: Sendable {
    package let name: TrackName
    /// Reference label, an index into the corpus's labels.
    package let label: Int
    /// Index into the corpus's stores.
    package let store: Int
    /// A split never divides a group. A track without an entry in the groups file is a group of its own.
    package let group: String
    /// How far the label is trusted, 0 (never trained on) to 1.
    package let weight: Double
    /// The track itself, then the same track through other channels, from the `--variants` stores.
    package let variants: [LogMel]

    /// The features that a model is evaluated on.
    package var features: LogMel { variants[0] }
    /// Hash of all values of all variants.
    let fingerprint: Fingerprint
    /// Mean power of the frames, dB, and mean of all values, dB.
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
