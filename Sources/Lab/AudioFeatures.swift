// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import Foundation
import Streaming
import Training

/// The features of an audio file, by the front end that the daemon listens with.
enum AudioFeatures {
    /// Reads a track's file to its end, and sends it through something first if so wished.
    static func read(_ path: String, _ name: TrackName, through passage: Passage? = nil) throws -> LogMel {
        let reader = try AudioFileReader(path: path)
        if let passage {
            let samples = try passage.apply(to: reader.readAll(), rate: reader.format.sampleRate, name: name)
            return try features(samples, rate: reader.format.sampleRate)
        }
        let frames = try AudioFrames(inputRate: reader.format.sampleRate)
        var values: [Float] = []
        let block = UnsafeMutableBufferPointer<Float>.allocate(capacity: 1 << 16)
        defer { block.deallocate() }
        while case let count = reader.read(into: block), count > 0 {
            frames.push(UnsafeBufferPointer(rebasing: block[..<count])) { values.append(contentsOf: $0.bands) }
        }
        frames.finish { values.append(contentsOf: $0.bands) }
        return LogMel(values: values)
    }

    private static func features(_ samples: [Float], rate: Int) throws -> LogMel {
        let frames = try AudioFrames(inputRate: rate)
        var values: [Float] = []
        samples.withUnsafeBufferPointer { frames.push($0) { values.append(contentsOf: $0.bands) } }
        frames.finish { values.append(contentsOf: $0.bands) }
        return LogMel(values: values)
    }
}
