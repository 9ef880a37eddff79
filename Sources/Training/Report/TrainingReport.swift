// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// What a training session tells of itself: how it was done, how well it did on what it held out, and on what it failed.
package struct TrainingReport: Codable, Sendable {
    /// The course of one training run.
    package struct Run: Codable, Sendable {
        package var name: String
        package var epochs: [Trainer.Epoch]
    }

    /// How well one store's held-out tracks were judged.
    package struct Part: Codable, Sendable {
        /// The store's folder; its whole path where two are called the same.
        package var store: String
        package var metrics: ClassificationMetrics

        private enum CodingKeys: String, CodingKey {
            case store
            case metrics = "figures"
        }
    }

    /// How well one fold's network judged what it held out of a store: folds differ more than their pool tells.
    package struct Fold: Codable, Sendable {
        package var run: String
        package var store: String
        package var windows: Int
        package var windowAccuracy: Double
        package var nll: Double
        package var ece: Double
        package var clips: Int
        package var clipAccuracy: Double
        /// What the figures were calibrated with: fitted on what the other folds held out.
        package var temperature: Float
        package var offsets: [Float]
    }

    /// A clip that the model is surely wrong about.
    package struct Failure: Codable, Sendable {
        package var track: String
        package var label: String
        package var predicted: String
        /// What the model gives the true label and the one that it says.
        package var probability: Double
        package var predictedProbability: Double
    }

    package var date: String
    package var seed: UInt64
    package var configuration: TrainingConfiguration
    package var labels: [String]
    package var stores: [String]
    package var tracks: Int
    package var groups: Int
    package var weights: Int
    package var multiplicationsPerSecond: Double
    /// How many networks were trained and judged, each without what it was judged by.
    package var folds: Int
    package var trainedOnEverything: Bool
    /// Labels of which a network that was judged by them had heard nothing: no more than chance can be right there.
    package var unseenLabels: [String]
    /// Of the model.
    package var temperature: Float
    /// By label, what the model's calibration adds to its logits.
    package var offsets: [Float]
    /// Of all held-out tracks, store by store; absent when nothing was held out.
    package var parts: [Part]
    package var all: ClassificationMetrics?
    /// Fold by fold, where there are several.
    package var byFold: [Fold]
    /// Windows of no-music that were called music, and of music that were called no-music.
    package var noMusicCalledMusic: Double?
    package var musicCalledNoMusic: Double?
    package var hardest: [Failure]
    package var runs: [Run]
    /// How long it took: where it was resumed, since then.
    package var seconds: Double
    package var isResumed: Bool

    /// - Parameters:
    ///   - judged: by run, what its network says of all that it held out, and with what that is calibrated.
    ///   - calibration: the model's.
    init(
        plan: TrainingPlan, evaluated: [(run: String, outputs: [ClipOutput], calibration: Calibration)],
        calibration: Calibration, runs: [Run], seconds: Double, isResumed: Bool
    ) {
        let evaluated = evaluated.map { ($0, $1.map($2.applied(to:)), $2) }
        let outputs = evaluated.flatMap(\.1).eachTrackOnce
        let corpus = plan.corpus
        date = Self.today
        seed = plan.seed
        configuration = plan.configuration
        labels = corpus.labels
        let folders = corpus.sources.map { ($0.path as NSString).lastPathComponent }
        let stores = Set(folders).count == folders.count ? folders : corpus.sources.map(\.path)
        self.stores = stores
        tracks = corpus.tracks.count
        groups = Set(corpus.tracks.map(\.group)).count
        let architecture = plan.configuration.architecture
        weights = architecture.parameterCount(
            coefficients: FrontEnd.version1.coefficients, labels: corpus.labels.count)
        multiplicationsPerSecond = architecture.multiplicationsPerSecond(
            frontEnd: .version1, labels: corpus.labels.count)
        folds = plan.splits.count
        trainedOnEverything = plan.trainsOnEverything
        unseenLabels = DataSplit.unseenLabels(of: plan.splits, in: corpus)
        temperature = calibration.temperature
        offsets = calibration.offsets
        self.runs = runs
        self.seconds = seconds
        self.isResumed = isResumed
        func metrics(_ outputs: [ClipOutput]) -> ClassificationMetrics {
            ClassificationMetrics(outputs, labels: corpus.labels)
        }
        func byStore(_ outputs: [ClipOutput]) -> [Part] {
            stores.enumerated().compactMap { number, store in
                let own = outputs.filter { $0.store == number }
                return own.isEmpty ? nil : Part(store: store, metrics: metrics(own))
            }
        }
        parts = byStore(outputs)
        all = outputs.isEmpty ? nil : metrics(outputs)
        byFold = []
        for (run, outputs, calibration) in evaluated where evaluated.count > 1 {
            byFold += byStore(outputs).map { part in
                let (windows, clips) = (part.metrics.windows, part.metrics.clips)
                return Fold(
                    run: run, store: part.store, windows: windows.n, windowAccuracy: windows.accuracy,
                    nll: windows.nll, ece: windows.ece, clips: clips.n, clipAccuracy: clips.accuracy,
                    temperature: calibration.temperature, offsets: calibration.offsets)
            }
        }
        if let noMusic = corpus.noMusic {
            noMusicCalledMusic = all?.share(ofTrue: { $0 == noMusic }, predicted: { $0 != noMusic })
            musicCalledNoMusic = all?.share(ofTrue: { $0 != noMusic }, predicted: { $0 == noMusic })
        }
        hardest = Self.hardest(outputs, labels: corpus.labels)
    }

    /// What folds keep whole.
    var divided: String { groups < tracks ? "groups" : "tracks" }

    /// The day, in UTC; SOURCE_DATE_EPOCH overrides it, for results that can be made again to the byte.
    private static var today: String {
        let given = ProcessInfo.processInfo.environment["SOURCE_DATE_EPOCH"].flatMap(Double.init)
        let date = given.map { Date(timeIntervalSince1970: $0) } ?? Date()
        return String(date.formatted(.iso8601.year().month().day()).prefix(10))
    }

    private static func hardest(_ outputs: [ClipOutput], labels: [String]) -> [Failure] {
        let failures = outputs.compactMap { output -> Failure? in
            let windows = (0..<output.windows).map { window in
                output.logProbabilities(window: window).map { exp($0) }
            }
            guard let prediction = ClipPrediction(windows: windows), prediction.label != output.label else {
                return nil
            }
            return Failure(
                track: output.name.description, label: labels[output.label], predicted: labels[prediction.label],
                probability: prediction.probabilities[output.label],
                predictedProbability: prediction.probabilities[prediction.label])
        }
        let sorted = failures.sorted { ($0.probability, $0.track) < ($1.probability, $1.track) }
        var seen: Set<String> = []
        return Array(sorted.filter { seen.insert($0.track).inserted }.prefix(20))
    }

    /// The report as JSON.
    package func json() throws(TrainingError) -> String {
        do {
            return try JSON.indentedText(self)
        } catch {
            throw TrainingError(.cannotWrite, "the report cannot be written as JSON: \(error)")
        }
    }

    /// The offsets that are not 0, by label.
    private func named(_ offsets: [Float]) -> [(label: String, offset: Double)] {
        zip(labels, offsets).filter { $0.1 != 0 }.map { (label: $0, offset: Double($1)) }
    }

    /// What is added to the logits, in words; nil if nothing is.
    package var offsetsInWords: String? {
        let each = named(offsets).map { label, offset in
            "\(label) \(offset < 0 ? "−" : "+")\(String(format: "%.2f", abs(offset)))"
        }
        return each.isEmpty ? nil : "added to the logits: \(each.joined(separator: ", "))"
    }

    /// Whether tracks are held out by several networks; the first one's figures are then in `parts` and `all`.
    var hasTracksOfAll: Bool { byFold.reduce(0) { $0 + $1.clips } > (all?.clips.n ?? 0) }

    private static func json(_ value: some Encodable) -> String { (try? JSON.text(value)) ?? "" }

    private static func round(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }

    private func card(offsets: [Float]) -> String? {
        let named = named(offsets).map { ($0.label, Self.round($0.offset)) }
        return named.isEmpty ? nil : Self.json(Dictionary(uniqueKeysWithValues: named))
    }

    /// Figures as they stand in a card.
    private struct Measured: Encodable {
        var windows: Int
        var windowAccuracy: Double
        var windowInterval: [Double]?
        var nll: Double
        var ece: Double
        var clips: Int
        var clipAccuracy: Double
        var clipInterval: [Double]?
        var clipMacroF1: Double?

        enum CodingKeys: String, CodingKey {
            case windows, nll, ece, clips
            case windowAccuracy = "window_accuracy"
            case windowInterval = "window_interval"
            case clipAccuracy = "clip_accuracy"
            case clipInterval = "clip_interval"
            case clipMacroF1 = "clip_macro_f1"
        }

        init(_ fold: Fold) {
            windows = fold.windows
            windowAccuracy = TrainingReport.round(fold.windowAccuracy)
            nll = TrainingReport.round(fold.nll)
            ece = TrainingReport.round(fold.ece)
            clips = fold.clips
            clipAccuracy = TrainingReport.round(fold.clipAccuracy)
        }

        init(_ metrics: ClassificationMetrics) {
            windows = metrics.windows.n
            windowAccuracy = TrainingReport.round(metrics.windows.accuracy)
            windowInterval = metrics.windows.interval.map(TrainingReport.round)
            nll = TrainingReport.round(metrics.windows.nll)
            ece = TrainingReport.round(metrics.windows.ece)
            clips = metrics.clips.n
            clipAccuracy = TrainingReport.round(metrics.clips.accuracy)
            clipInterval = metrics.clips.interval.map(TrainingReport.round)
            clipMacroF1 = TrainingReport.round(metrics.clips.macroF1)
        }
    }

    /// What every model of the session has in its metadata. Nothing that differs from run to run but the day.
    private var commonCard: [String: String] {
        [
            "date": date, "seed": "\(seed)", "recipe": Self.json(configuration), "weights": "\(weights)",
            "data": "\(tracks) tracks of \(groups) groups: \(stores.joined(separator: ", "))",
            "multiplications_per_second": "\(Int(multiplicationsPerSecond))",
        ]
    }

    /// What stands in the metadata of a fold's model.
    func card(ofRun run: String) -> [String: String] {
        let own = byFold.filter { $0.run == run }
        guard let first = own.first else { return card }
        var card = commonCard
        card["split"] = "\(run) of \(folds), trained without what it was judged by"
        card["offsets_in_head_bias"] = self.card(offsets: first.offsets)
        for fold in own { card["measured_\(fold.store)"] = Self.json(Measured(fold)) }
        return card
    }

    /// What stands in the model's own metadata.
    var card: [String: String] {
        var card = commonCard
        guard !parts.isEmpty else {
            card["split"] = "trained on everything; nothing was held out, so nothing is known of its accuracy"
            return card
        }
        card["split"] =
            folds == 1
            ? "trained on one part, judged by the held-out other one"
            : "judged by \(folds) networks, each on \(divided) that it never saw"
                + (hasTracksOfAll ? " (what all hold out: by the first)" : "")
        if trainedOnEverything { card["split", default: ""] += "; then trained on everything" }
        card["offsets_in_head_bias"] = self.card(offsets: offsets)
        for part in parts { card["measured_\(part.store)"] = Self.json(Measured(part.metrics)) }
        if let noMusicCalledMusic { card["no_music_called_music"] = "\(Self.round(noMusicCalledMusic))" }
        if let musicCalledNoMusic { card["music_called_no_music"] = "\(Self.round(musicCalledNoMusic))" }
        return card
    }
}
