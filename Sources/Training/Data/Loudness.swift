// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Streaming

/// How loud frames are to a listener: the gated loudness of EBU R 128 (ITU-R BS.1770-4), as far as log-mel shows it.
///
/// Its reference is not that of R 128, since the log-mel of a track can have any gain: only differences mean something.
enum Loudness {
    /// Frames of a block: 400 ms, as in R 128, which has a new one every 100 ms; here each frame begins one.
    private static let blockFrames = 7
    /// Blocks this far below the mean of all do not count, dB: pauses in speech are not quiet speech.
    private static let relativeGate = 10.0

    /// [bands]: width of each band, Hz, times the power gain of the K-weighting at its centre.
    private static let weights: [Double] = {
        let edges = MelFilterbank.edges()
        return (0..<(edges.count - 2)).map { band in
            // BS.1770's two filters: a high shelf of 4 dB around 1.5 kHz, and a high-pass at 38 Hz.
            let (shelf, cut) = (pow(edges[band + 1] / 1500, 2), pow(edges[band + 1] / 38, 4))
            let gain = (1 + pow(10, 0.4) * shelf) / (1 + shelf) * cut / (1 + cut)
            return (edges[band + 2] - edges[band]) / 2 * gain
        }
    }()

    /// The loudness of frames, dB.
    static func of(_ features: LogMel) -> Float {
        let powers = (0..<features.frames).map { frame in
            zip(features.values[(frame * features.bands)..<((frame + 1) * features.bands)], weights).reduce(0) {
                $0 + pow(10, Double($1.0) / 10) * $1.1
            }
        }
        guard !powers.isEmpty else { return -100 }
        let length = min(blockFrames, powers.count)
        var blocks: [Double] = []
        var sum = powers[..<length].reduce(0, +)
        for end in length...powers.count {
            blocks.append(max(0, sum) / Double(length))
            if end < powers.count { sum += powers[end] - powers[end - length] }
        }
        let mean = blocks.reduce(0, +) / Double(blocks.count)
        let loud = blocks.filter { $0 >= mean * pow(10, -relativeGate / 10) }
        return Float(10 * log10(loud.reduce(0, +) / Double(max(1, loud.count)) + 1e-10))
    }
}
