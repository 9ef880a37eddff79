// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Held-out clips, and how much each counts.
struct CalibrationSet {
    struct Clip {
        var output: ClipOutput
        /// Its windows share it; the sum over all clips is 1.
        var weight: Double
        var group: String
    }

    let labels: Int
    private(set) var clips: [Clip]
    /// The labels that can have an offset: no-music cannot, since how much of it there is says nothing of artists.
    let genres: Set<Int>

    /// - Parameter clips: with weights of any sum; what has no window or no weight is left out.
    init(_ clips: [Clip], labels: Int, noMusic: Int? = nil) {
        let counted = clips.filter { $0.output.windows > 0 && $0.weight > 0 }
        let total = counted.reduce(0) { $0 + $1.weight }
        self.labels = labels
        self.clips = counted.map { Clip(output: $0.output, weight: $0.weight / total, group: $0.group) }
        genres = Set(counted.map(\.output.label)).subtracting([noMusic].compactMap(\.self))
    }

    /// What was said of tracks of a corpus, each given once, which count as often as training would draw them.
    init(_ outputs: [ClipOutput], of corpus: Corpus, sampling: SamplingConfiguration) {
        let index = Dictionary(uniqueKeysWithValues: corpus.tracks.enumerated().map { ($1.name, $0) })
        let tracks = outputs.map { index[$0.name] }
        let chances = WindowSampler(
            corpus: corpus, training: tracks.compactMap(\.self), configuration: sampling
        ).chances
        let clips = zip(outputs, tracks).compactMap { output, track in
            track.map { Clip(output: output, weight: chances[$0] ?? 0, group: corpus.tracks[$0].group) }
        }
        self.init(clips, labels: corpus.labels.count, noMusic: corpus.noMusic)
    }

    /// How many groups of equal weight would tell as much (Kish, "Survey Sampling", 1965).
    var independentGroups: Double {
        let weights = Dictionary(clips.map { ($0.group, $0.weight) }, uniquingKeysWith: +).values
        // Sorted, since a dictionary's order, and with it the last bit of a sum, differs from run to run.
        return 1 / weights.sorted().reduce(0) { $0 + $1 * $1 }
    }

    /// The mean negative log-likelihood of the windows under a calibration of each clip.
    func loss(_ calibration: (ClipOutput) -> Calibration) -> Double {
        clips.reduce(0) { sum, clip in
            let output = calibration(clip.output).applied(to: clip.output)
            let losses = (0..<output.windows).reduce(0) {
                $0 - Double(output.logProbabilities(window: $1)[output.label])
            }
            return sum + clip.weight * losses / Double(output.windows)
        }
    }
}
