// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model
import Streaming

/// A feature set in one JSON file: `mapping` (the genres), `labels` (one index for each segment) and `mfcc` (each segment's
/// frames of coefficients, c0 first, before the level is normalised).
///
/// Segments are written as they come, since the file can be larger than memory; the file appears when it is complete.
package final class SegmentsFile {
    private let genres: [String]
    private let file: ReplacingFile
    private let cosine = CosineTransform()
    private var labels: [Int] = []

    package init(path: String, genres: [String]) throws(TrainingError) {
        self.genres = genres
        do {
            file = try ReplacingFile(path)
        } catch {
            throw TrainingError(cannotWrite: error)
        }
        try write("{\"mapping\":\((try? JSON.text(genres)) ?? "[]"),\"mfcc\":[")
    }

    /// Appends a track's whole segments of `windowFrames` frames.
    package func append(_ features: LogMel, genre: String) throws(TrainingError) {
        let length = FrontEnd.version1.windowFrames
        let label = genres.firstIndex(of: genre) ?? 0
        var coefficients = [Float](repeating: 0, count: cosine.outputs)
        for segment in 0..<(features.frames / length) {
            var text = labels.isEmpty ? "" : ","
            for frame in 0..<length {
                features.values.withUnsafeBufferPointer {
                    cosine.process($0.baseAddress! + (segment * length + frame) * features.bands, into: &coefficients)
                }
                text += frame == 0 ? "[[" : ",["
                text += coefficients.map { "\((Double($0) * 1000).rounded() / 1000)" }.joined(separator: ",") + "]"
            }
            try write(text + "]\n")
            labels.append(label)
        }
    }

    /// Completes the file.
    package func finish() throws(TrainingError) {
        try write("],\"labels\":[\(labels.map(String.init).joined(separator: ","))]}\n")
        do {
            try file.complete()
        } catch {
            throw TrainingError(cannotWrite: error)
        }
    }

    private func write(_ text: String) throws(TrainingError) {
        do {
            try file.write(Array(text.utf8))
        } catch {
            throw TrainingError(cannotWrite: error)
        }
    }
}
