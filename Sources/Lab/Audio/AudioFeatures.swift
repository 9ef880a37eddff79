// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import Streaming
import Training

/// Features of audio files, computed by the daemon's front end.
enum AudioFeatures {
    /// Reads a track's file to its end, and passes the samples through a degradation first if there is one.
    ///
    /// - Returns: the features, and what of the file they lack; nil if they lack nothing.
    static func read(
        _ path: String, _ name: TrackName, through degradation: Degradation? = nil
    ) throws -> (features: LogMel, losses: String?) {
        let reader = try AudioFileReader(path: path)
        let frames = try AudioFrames(inputRate: reader.format.sampleRate)
        var values: [Float] = []
        func append(_ samples: Span<Float>) {
            frames.process(samples) { values.append(contentsOf: $0.bands) }
        }
        if let degradation {
            // A name for the array: the compiler (Swift 6.3.1) crashes on the span of a temporary here.
            let samples = try degradation.apply(to: reader.readAll(), rate: reader.format.sampleRate, name: name)
            append(samples.span)
        } else {
            reader.forEachBlock(append)
        }
        frames.finish { values.append(contentsOf: $0.bands) }
        return (LogMel(values: values), reader.losses.text)
    }
}
