// SPDX-License-Identifier: GPL-3.0-or-later

import Model

/// The log-mel frames of a track.
package struct LogMel: Sendable, Equatable {
    /// [frames, bands], dB, row-major.
    package var values: [Float]
    package let bands: Int
    package var frames: Int { values.count / bands }

    package init(values: [Float], frontEnd: FrontEnd = .version1) {
        precondition(values.count % frontEnd.melBands == 0, "log-mel frames have \(frontEnd.melBands) bands")
        self.values = values
        bands = frontEnd.melBands
    }

    /// A message that the track is too short to train on or to evaluate; nil if it has at least one window.
    package var shortage: String? {
        frames < FrontEnd.version1.windowFrames ? "shorter than a window, \(frames) frames" : nil
    }
}
