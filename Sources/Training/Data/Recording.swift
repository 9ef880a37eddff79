// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// What can be heard of a track: its frames, as they are and through other channels, and a teacher's targets for them.
package struct Recording: Sendable {
    package let name: TrackName
    /// A split never divides a group. A recording without an entry in the groups file is a group of its own.
    package let group: String
    /// The recording itself, then the same through other channels, from the `--variants` stores.
    package let variants: [LogMel]
    /// Soft labels, one row for each 3 s; nil if no teacher gave any.
    package let targets: TrackTargets?

    /// The features that a model is evaluated on.
    package var features: LogMel { variants[0] }
    /// Hash of all values of all variants, and of the targets.
    let fingerprint: Fingerprint
    /// Mean power of the frames, dB, and mean of all values, dB.
    let level: Float
    let meanValue: Float
    /// Loudness, dB.
    let loudness: Float

    init(name: TrackName, group: String, variants: [LogMel], targets: TrackTargets?) {
        self.name = name
        self.group = group
        self.variants = variants
        self.targets = targets
        var fingerprint = Fingerprint()
        for variant in variants { fingerprint.add(variant.values) }
        if let targets { fingerprint.add(targets.rows) }
        self.fingerprint = fingerprint
        let values = variants[0].values
        let power = values.reduce(0.0) { $0 + pow(10, Double($1) / 10) }
        level = Float(10 * log10(power / Double(max(1, variants[0].frames)) + 1e-10))
        loudness = Loudness.of(variants[0])
        meanValue = Float(values.reduce(0.0) { $0 + Double($1) } / Double(max(1, values.count)))
    }
}
