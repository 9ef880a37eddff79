// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model
import Streaming

extension GenreModel {
    /// Computes the logits of each window of a track with the network that the daemon runs.
    package func logits(of features: LogMel) -> [Float] {
        var normalizer = LevelNormalizer(frontEnd: frontEnd)
        let cosine = CosineTransform(frontEnd: frontEnd)
        let network = IncrementalNetwork(model: self)
        var result: [Float] = []
        var values = features.values
        var coefficients = [Float](repeating: 0, count: cosine.outputs)
        values.withUnsafeMutableBufferPointer { values in
            coefficients.withUnsafeMutableBufferPointer { coefficients in
                for frame in 0..<features.frames {
                    let bands = UnsafeMutableBufferPointer(
                        rebasing: values[(frame * features.bands)..<((frame + 1) * features.bands)])
                    normalizer.process(bands)
                    cosine.process(bands.baseAddress!, into: coefficients.baseAddress!)
                    if network.process(coefficients.span) { result.append(contentsOf: network.logits) }
                }
            }
        }
        return result
    }

    /// Computes the outputs for tracks of a corpus, several at once, in the order of `tracks`.
    package func outputs(of tracks: [Int], in corpus: Corpus, workers: Workers = Workers()) -> [ClipOutput] {
        var results = [[Float]](repeating: [], count: tracks.count)
        results.withUnsafeMutableBufferPointer { results in
            // Safe: each call writes to its own element.
            workers.forEach(tracks.count) { index, _ in
                results[index] = logits(of: corpus.tracks[tracks[index]].features)
            }
        }
        return tracks.enumerated().map { index, track in
            let track = corpus.tracks[track]
            return ClipOutput(
                name: track.name, label: track.label, store: track.store, labels: labels.count, logits: results[index])
        }
    }
}
