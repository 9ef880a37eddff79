// SPDX-License-Identifier: GPL-3.0-or-later

/// A recording with a label.
package struct Track: Sendable {
    package let recording: Recording
    /// Reference label, an index into the corpus's labels.
    package let label: Int
    /// Index into the corpus's stores.
    package let store: Int
    /// How far the label is trusted, 0 (never trained on) to 1.
    package let weight: Double

    package var name: TrackName { recording.name }
    package var group: String { recording.group }
    /// The features that a model is evaluated on.
    package var features: LogMel { recording.features }
}
