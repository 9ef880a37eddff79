// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Foundation
import Model
import Synchronization
import Training

/// `genrelab targets`: writes what models make of recordings, to train others on.
struct TargetsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "targets",
        abstract: "Write the probabilities that models give to recordings, to train other models on.",
        discussion: """
            FEATURE_DIR is a feature store; its folders need not be labels. TARGET_DIR gets <genre>/<track>.npy, float16 \
            [rows, labels]: row k has the probabilities of the 3 s from 3k s on, the mean of all models'. labels.txt in it \
            names the columns. genrelab train --targets TARGET_DIR trains on them.

            EXAMPLES:
              genrelab targets --model a.safetensors --model b.safetensors recordings/ targets/
              genrelab train --features mine --unlabelled recordings --targets targets --out small.safetensors

            EXIT CODES:
              0   all tracks have targets
              1   some have none, or nothing could be done
            """)

    @Option(
        help: ArgumentHelp(
            "A model; can be repeated, for the mean of several with the same labels. By default the one that ships with genred.",
            valueName: "file"))
    var model: [String] = []

    @OptionGroup var jobs: JobsOption

    @Argument(help: "The feature store, from genrelab extract.")
    var featureDir: String

    @Argument(help: "The folder of targets to create or to complete.")
    var targetDir: String

    func run() throws {
        let names = model.isEmpty ? ["default"] : model
        let models = try names.map { try ModelOption.load($0) }
        let labels = models[0].labels
        if let other = models.firstIndex(where: { $0.labels != labels }) {
            throw TrainingError(
                .badParameter,
                "'\(names[other])' has other labels (\(models[other].labels.joined(separator: ", "))) than '\(names[0])' ("
                    + "\(labels.joined(separator: ", "))): a mean needs the same ones")
        }
        let store = try FeatureStore(at: featureDir)
        for genre in Set(store.tracks.map(\.genre)) { try makeFolder("\(targetDir)/\(genre)") }
        try TargetStore.write(labels: labels, in: targetDir)
        let failures = write(store, models)
        for (track, reason) in failures { Output.note("\(track): \(reason)") }
        Output.note(
            "targets of \(NumberText.counted(store.tracks.count - failures.count, "track")) in \(targetDir)"
                + (failures.isEmpty ? "" : ", \(failures.count) have none"))
        if !failures.isEmpty { throw ExitCode.failure }
    }

    /// Writes the targets of all tracks, several at once, and returns the failures in order.
    private func write(_ store: FeatureStore, _ models: [GenreModel]) -> [(track: TrackName, reason: String)] {
        let progress = ProgressBar("Targets", total: store.tracks.count)
        let failures = Mutex<[Int: String]>([:])
        jobs.workers.forEach(store.tracks.count) { index, _ in
            do {
                let features = try store.load(store.tracks[index])
                if let shortage = features.shortage { throw TrainingError(.unsupported, shortage) }
                let rows = GenreModel.targets(of: features, by: models)
                try TargetStore.write(rows, labels: models[0].labels.count, as: store.tracks[index], in: targetDir)
            } catch {
                failures.withLock { $0[index] = "\(error)" }
            }
            progress.advance()
        }
        return failures.withLock { $0.sorted { $0.key < $1.key } }.map { (store.tracks[$0.key], $0.value) }
    }
}
