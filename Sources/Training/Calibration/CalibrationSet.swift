// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Held-out clips with their weights, which a calibration is fitted to.
struct CalibrationSet {
    struct Clip {
        var output: ClipOutput
        /// Weight of all the clip's windows together. The sum over all clips is 1.
        var weight: Double
        var group: String
    }

    let labels: Int
    private(set) var clips: [Clip]
    /// The labels that can have an offset: genres. How many tracks there are that are not music has nothing to do with artists.
    let genres: Set<Int>

    /// - Parameter clips: clips with weights of any sum. Clips without windows or weight are left out.
    init(_ clips: [Clip], labels: Int, noMusic: Set<Int> = []) {
        let counted = clips.filter { $0.output.windows > 0 && $0.weight > 0 }
        let total = counted.reduce(0) { $0 + $1.weight }
        self.labels = labels
        self.clips = counted.map { Clip(output: $0.output, weight: $0.weight / total, group: $0.group) }
        genres = Set(counted.map(\.output.label)).subtracting(noMusic)
    }

    /// Weights outputs, at most one for each track of the corpus, by the probability that training draws the track.
    init(_ outputs: [ClipOutput], of corpus: Corpus, sampling: SamplingConfiguration) {
        let index = Dictionary(uniqueKeysWithValues: corpus.tracks.enumerated().map { ($1.name, $0) })
        let tracks = outputs.map { index[$0.name] }
        let probabilities = WindowSampler(
            corpus: corpus, training: tracks.compactMap(\.self), configuration: sampling
        ).probabilities
        let clips = zip(outputs, tracks).compactMap { output, track in
            track.map { Clip(output: output, weight: probabilities[$0] ?? 0, group: corpus.tracks[$0].group) }
        }
        self.init(clips, labels: corpus.labels.count, noMusic: corpus.noMusic)
    }

    /// Effective number of groups: the number of equally weighted groups with the same variance (Kish, "Survey Sampling",
    /// 1965).
    var effectiveGroups: Double {
        let weights = Dictionary(clips.map { ($0.group, $0.weight) }, uniquingKeysWith: +).values
        // Sorted: the order of a dictionary, and with it the last bit of a sum, differs from run to run.
        return 1 / weights.sorted().reduce(0) { $0 + $1 * $1 }
    }

    /// The mean negative log-likelihood of the windows, with a calibration for each clip.
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
