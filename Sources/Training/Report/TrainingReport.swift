// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// The report of a training session: its settings, its metrics on held-out tracks, and its worst failures.
package struct TrainingReport: Codable, Sendable {
    /// The history of one training run.
    package struct Run: Codable, Sendable {
        package var name: String
        package var epochs: [Trainer.Epoch]
    }

    /// Metrics for the held-out tracks of one store.
    package struct Part: Codable, Sendable {
        /// The store's folder name, or its whole path if two stores have the same name.
        package var store: String
        package var metrics: ClassificationMetrics

        private enum CodingKeys: String, CodingKey {
            case store
            case metrics = "figures"
        }
    }

    /// Metrics for one fold's held-out tracks of one store. Folds differ more than the pooled metrics show.
    package struct Fold: Codable, Sendable {
        package var run: String
        package var store: String
        package var windows: Int
        package var windowAccuracy: Double
        package var nll: Double
        package var ece: Double
        package var clips: Int
        package var clipAccuracy: Double
        /// The calibration of this fold, fitted to the tracks that the other folds hold out.
        package var temperature: Float
        package var offsets: [Float]
    }

    /// A clip with a wrong prediction.
    package struct Failure: Codable, Sendable {
        package var track: String
        package var label: String
        package var predicted: String
        /// Probabilities of the reference label and of the predicted label.
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
    /// Hash of all features, labels, groups and targets.
    package var dataHash: String
    /// Labelled tracks that had targets of a teacher, and tracks that had nothing but targets.
    package var tracksWithTargets: Int
    package var unlabelledTracks: Int
    package var weights: Int
    package var multiplicationsPerSecond: Double
    /// Number of networks that were trained and evaluated, each on its own held-out tracks.
    package var folds: Int
    package var trainedOnEverything: Bool
    /// Labels that some network is evaluated on but was never trained on: their scores are meaningless.
    package var unseenLabels: [String]
    /// Temperature of the model.
    package var temperature: Float
    /// [labels]: the offsets that calibration adds to the model's logits.
    package var offsets: [Float]
    /// Metrics for all held-out tracks of each store; empty if nothing was held out.
    package var parts: [Part]
    package var all: ClassificationMetrics?
    /// Metrics of each fold, if there are several.
    package var byFold: [Fold]
    /// Share of no-music windows that were predicted as music, and of music windows that were predicted as no-music.
    package var noMusicCalledMusic: Double?
    package var musicCalledNoMusic: Double?
    package var hardest: [Failure]
    package var runs: [Run]
    /// Duration of the session, or since it was resumed.
    package var seconds: Double
    package var isResumed: Bool

    /// - Parameters:
    ///   - evaluated: for each run, its network's outputs for its held-out tracks, and the calibration for them.
    ///   - calibration: the model's calibration.
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
        dataHash = corpus.fingerprint(DataSplit(training: Array(corpus.tracks.indices), heldOut: [])).text
        tracksWithTargets = corpus.tracksWithTargets
        unlabelledTracks = corpus.unlabelled.count
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
        let noMusic = corpus.noMusic
        if !noMusic.isEmpty {
            noMusicCalledMusic = all?.share(ofReference: noMusic.contains, predicted: { !noMusic.contains($0) })
            musicCalledNoMusic = all?.share(ofReference: { !noMusic.contains($0) }, predicted: noMusic.contains)
        }
        hardest = Self.hardest(outputs, labels: corpus.labels)
    }

    /// The tracks, their groups and their stores, in words.
    package var dataInWords: String {
        var text =
            "\(NumberText.counted(tracks, "track")) of \(NumberText.counted(groups, "group")): \(stores.joined(separator: ", "))"
        if tracksWithTargets > 0 { text += "; targets for \(tracksWithTargets) of them" }
        if unlabelledTracks > 0 {
            text += "; \(NumberText.counted(unlabelledTracks, "track")) with targets and no label"
        }
        return text
    }

    /// What the folds divide: groups or single tracks.
    var divided: String { groups < tracks ? "groups" : "tracks" }

    /// The date in UTC. SOURCE_DATE_EPOCH overrides it, for reproducible results.
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

    /// Whether some tracks are held out in every fold. `parts` and `all` then have the first fold's metrics for them.
    var hasSharedTracks: Bool { byFold.reduce(0) { $0 + $1.clips } > (all?.clips.n ?? 0) }
}
