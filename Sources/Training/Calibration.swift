// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// What makes probabilities of a network's logits: softmax((logits + offsets) / temperature).
///
/// Of artists that it has not heard, a network seems to say those labels too seldom of which it has heard few: it knows
/// their tracks by heart. Offsets make up for it. They and the temperature are fitted on what was held out, each window
/// weighed as training draws it, so that a label or an artist with many windows counts no more than another
/// (bias-corrected temperature scaling: Alexandari, Kundaje and Shrikumar, "Maximum likelihood with bias-corrected
/// calibration is hard-to-beat at label shift adaptation", ICML 2020).
struct Calibration: Equatable {
    var temperature: Float = 1
    /// [labels]; 0 of `no-music` and of a label of which nothing was held out, and 0 in the mean of the others.
    var offsets: [Float]

    static func none(labels: Int) -> Calibration { Calibration(offsets: [Float](repeating: 0, count: labels)) }

    private init(temperature: Float = 1, offsets: [Float]) {
        self.temperature = temperature
        self.offsets = offsets
    }

    /// Fits it to evidence; with `offsets`, to that of the genres too.
    init(_ evidence: Evidence, offsets withOffsets: Bool) {
        self = .none(labels: evidence.labels)
        guard !evidence.clips.isEmpty else { return }
        let likelihood = Likelihood(evidence, offsetting: withOffsets ? evidence.genres : [])
        let point = likelihood.maximum()
        temperature = Float(1 / point[0])
        offsets = point[1...].map { Float($0 / point[0]) }
    }

    /// The same output as it is after calibration: probabilities are softmax(logits).
    func applied(to output: ClipOutput) -> ClipOutput {
        ClipOutput(
            name: output.name, label: output.label, store: output.store, labels: output.labels,
            logits: output.logits.enumerated().map { ($1 + offsets[$0 % output.labels]) / temperature })
    }
}

/// Held-out clips, and how much each counts.
struct Evidence {
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

/// The calibrations of a session: each network's by what the others held out, so that it is not judged by what it was
/// fitted to, and the model's by all of that.
struct CrossCalibration {
    /// What a network says of all that it held out, and the labels that it was taught.
    struct Part {
        var outputs: [ClipOutput]
        var taught: Set<Int>
    }

    /// A network's for each part.
    let parts: [Calibration]
    let whole: Calibration

    /// - Parameter parts: the tracks that all hold out only judge: nothing is fitted to them unless there is but one
    ///   network, which then gets a temperature, fitted to what judges it, and no offsets. Nor is anything fitted to
    ///   labels that a network was not taught; and of several, one that was not taught what the others were says
    ///   nothing of how they confuse labels.
    init(_ parts: [Part], of corpus: Corpus, sampling: SamplingConfiguration) {
        func evidence(_ outputs: [ClipOutput]) -> Evidence { Evidence(outputs, of: corpus, sampling: sampling) }
        guard parts.count > 1 else {
            let known = parts.flatMap { part in part.outputs.filter { part.taught.contains($0.label) } }
            whole = Calibration(evidence(known), offsets: false)
            self.parts = parts.map { [whole] _ in whole }
            return
        }
        let times = Dictionary(parts.flatMap(\.outputs).map { ($0.name, 1) }, uniquingKeysWith: +)
        let all = parts.reduce(into: Set<Int>()) { $0.formUnion($1.taught) }
        let complete = parts.count { $0.taught == all }
        let own = parts.map { part in
            part.taught == all || complete < 2
                ? part.outputs.filter { times[$0.name] == 1 && part.taught.contains($0.label) } : []
        }
        let everything = evidence(own.flatMap(\.self))
        let others = own.indices.map { left in
            evidence(own.enumerated().filter { $0.offset != left }.flatMap(\.element))
        }
        let place = Dictionary(
            uniqueKeysWithValues: own.enumerated().flatMap { part, outputs in outputs.map { ($0.name, part) } })
        func fits(offsets: Bool) -> (parts: [Calibration], loss: Double) {
            let fits = others.map { Calibration($0, offsets: offsets) }
            return (fits, everything.loss { fits[place[$0.name] ?? 0] })
        }
        let (plain, offset) = (fits(offsets: false), fits(offsets: true))
        // Only if the folds are the better for them; that one choice for all of them is not cross-validated itself.
        let isBetter = complete > 1 && offset.loss < plain.loss
        self.parts = isBetter ? offset.parts : plain.parts
        whole = Calibration(everything, offsets: isBetter)
    }
}

extension [ClipOutput] {
    /// The first of each track's outputs: what several parts hold out would look like more evidence than it is.
    var eachTrackOnce: [ClipOutput] {
        var known: Set<TrackName> = []
        return filter { known.insert($0.name).inserted }
    }
}
