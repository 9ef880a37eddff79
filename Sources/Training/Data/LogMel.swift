// SPDX-License-Identifier: GPL-3.0-or-later

import Model

/// A track's log-mel frames.
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

    /// Why there is nothing in it to learn from or to judge, in words; nil if there is a window.
    package var shortage: String? {
        frames < FrontEnd.version1.windowFrames ? "shorter than a window, \(frames) frames" : nil
    }
}
