// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model
import Streaming

/// What a model says of one track's windows.
package struct ClipOutput: Sendable {
    package let name: TrackName
    /// The track's own label, an index into the labels.
    package let label: Int
    /// Which of the corpus's stores it is from.
    package let store: Int
    package let labels: Int
    /// [windows, labels]: a row every `architecture.step` frames; what is calibrated has temperature 1.
    package let logits: [Float]

    package var windows: Int { logits.count / labels }

    package init(name: TrackName, label: Int, store: Int, labels: Int, logits: [Float]) {
        self.name = name
        self.label = label
        self.store = store
        self.labels = labels
        self.logits = logits
    }

    /// The log-probabilities of a window.
    package func logProbabilities(window: Int, temperature: Float = 1) -> [Float] {
        let row = logits[(window * labels)..<((window + 1) * labels)].map { $0 / temperature }
        let largest = row.max() ?? 0
        let logSum = log(row.reduce(0) { $0 + exp($1 - largest) }) + largest
        return row.map { $0 - logSum }
    }
}

extension GenreModel {
    /// The logits of each window of a track, by the network that the daemon runs.
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
                    if network.push(coefficients.baseAddress!) { result.append(contentsOf: network.logits) }
                }
            }
        }
        return result
    }

    /// Runs tracks of a corpus, several at once; their order is kept.
    package func outputs(of tracks: [Int], in corpus: Corpus, workers: Workers = Workers()) -> [ClipOutput] {
        let results = UnsafeMutablePointer<[Float]>.allocate(capacity: tracks.count)
        results.initialize(repeating: [], count: tracks.count)
        defer {
            results.deinitialize(count: tracks.count)
            results.deallocate()
        }
        workers.forEach(tracks.count) { index, _ in
            results[index] = logits(of: corpus.tracks[tracks[index]].features)
        }
        return tracks.enumerated().map { index, track in
            let track = corpus.tracks[track]
            return ClipOutput(
                name: track.name, label: track.label, store: track.store, labels: labels.count, logits: results[index])
        }
    }
}
