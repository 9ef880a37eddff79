// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Training

/// `genrelab train`: trains a model.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a network on features.",
        discussion: """
            Feature stores are made by genrelab extract. A folder is a label; no-music is the label of everything that is \
            not music, and --label speech=no-music gives it to another folder too.

            WHAT IS HELD OUT
              --valid FILE   the tracks in FILE. The rest are used for training;
                             with --split FILE, only the tracks listed there.
                             With --refit, the model is trained on everything
                             after the evaluation
              --folds N      each group of --groups FILE (each track, if there
                             are no groups) is held out by exactly one of N
                             networks; the model is one more network that is
                             trained on everything. With --valid the tracks in
                             FILE are held out by all N networks too, and the
                             rest of their store is trained on by all
              nothing        everything is trained on, and how good the model
                             is stays unknown

            A genre needs at least \(CorpusSize.fewTracks) tracks; with fewer it is learnt badly, and its score means little. With \
            fewer than 2 it cannot be both learnt and evaluated. How much data, memory and \
            time training needs is printed before it begins; --needs prints only that.

            A group (an artist, a source, a speaker) is never both trained on and held out. Without --groups the tracks of \
            an artist can be, which makes the results too good.

            MODEL is the network with averaged weights, calibrated on what was held out, with its model card. With --folds \
            the calibration is a temperature and an offset of each genre's logits, and each fold is evaluated with the \
            calibration that fits the others; with --valid alone it is a temperature. The report is written beside it, as \
            MODEL.json and MODEL.html, and so is a checkpoint after every epoch while training runs: --resume continues \
            from there, and gives the same model as a run without the interruption, byte for byte.

            --targets DIR adds a teacher's soft labels for every 3 s of a track, which genrelab targets writes from models; \
            with them, --unlabelled DIR adds tracks that have no label. The keys under 'targets' in the configuration say how \
            much they count. A teacher that has heard held-out tracks passes on what it knows of them: results are then too good.

            The same seed, data and options give the same model on the same machine, however many cores it uses.

            --config FILE is JSON; --print-config shows every key with its default.

            EXAMPLES:
              genrelab train --features features --valid held-out.txt --out mine.safetensors
              genrelab train --features mine:2 --features theirs --folds 5 --groups groups.tsv --out both.safetensors
            """)

    @OptionGroup var data: DataOptions

    @Option(
        help: ArgumentHelp(
            "Stores of the same tracks, degraded (codec, room); each draw of a track takes the original or one of these.",
            valueName: "dir"))
    var variants: [String] = []

    @OptionGroup var teaching: TeachingOptions

    @Option(help: ArgumentHelp("The tracks to train on: one <genre>/<track> per line.", valueName: "file"))
    var split: String?

    @Option(help: ArgumentHelp("The tracks to hold out: one <genre>/<track> per line.", valueName: "file"))
    var valid: String?

    @Option(help: "The number of networks for cross-validation.")
    var folds: Int?

    @Option(help: ArgumentHelp("The training configuration, as JSON.", valueName: "file"))
    var config: String?

    @Flag(help: "Print the configuration with all its keys and exit.")
    var printConfig = false

    @Option(help: ArgumentHelp("The model to write.", valueName: "model"))
    var out: String?

    @Option(help: "Random seed.")
    var seed: UInt64 = 1

    @Option(help: "The number of epochs, in place of the configuration's and its teachers'.")
    var epochs: Int?

    @OptionGroup var jobs: JobsOption

    @Flag(help: "Print how much data, memory and time training needs, and exit.")
    var needs = false

    @Flag(help: "Continue from the checkpoints beside MODEL.")
    var resume = false

    @Flag(
        help:
            "Also write each fold's model and the list of its held-out tracks: NAME.fold1.safetensors, NAME.fold1.txt for NAME.safetensors."
    )
    var keepFolds = false

    @Flag(help: "With --valid: after the evaluation, train the model on everything.")
    var refit = false

    @Flag(help: "With --folds: only evaluate, and train no model on everything.")
    var evaluateOnly = false

    func validate() throws {
        if printConfig { return }
        if data.features.isEmpty && teaching.unlabelled.isEmpty {
            throw ValidationError("--features DIR is missing: the features to train on")
        }
        if data.features.isEmpty && (valid != nil || folds != nil) {
            throw ValidationError("--valid and --folds need --features DIR: only labelled tracks can be held out")
        }
        if out == nil && !needs { throw ValidationError("--out MODEL is missing: the model to write") }
        if let folds {
            guard (2...50).contains(folds) else { throw ValidationError("--folds must be 2 to 50") }
            if split != nil { throw ValidationError("--split and --folds cannot be used together") }
            if refit { throw ValidationError("--refit is for --valid; --folds trains on everything anyway") }
        } else if evaluateOnly || keepFolds {
            throw ValidationError("--evaluate-only and --keep-folds need --folds")
        }
        if refit && folds == nil && valid == nil {
            throw ValidationError("--refit needs --valid FILE: the tracks to hold out")
        }
        if split != nil && valid == nil {
            throw ValidationError("--split needs --valid FILE: the tracks to hold out")
        }
    }

    func run() throws {
        FastKernels.use()
        let configuration = try trainingConfiguration()
        if printConfig {
            return Output.line(String(decoding: try Output.prettyJSON(configuration), as: UTF8.self))
        }
        let corpus = try corpus()
        let splits = try splits(of: corpus)
        let files = out.map {
            TrainedFiles(model: evaluateOnly ? nil : $0, report: $0, folds: keepFolds ? splits.count : 0)
        }
        if !needs { try files?.checkWritable() }
        warn(about: splits, of: corpus)
        let plan = TrainingPlan(
            corpus: corpus, splits: splits, trainsOnEverything: (splits.count != 1 || refit) && !evaluateOnly,
            configuration: configuration, seed: seed)
        let labels = corpus.labels
        Output.note(
            "\(NumberText.counted(corpus.tracks.count, "track")), \(NumberText.counted(labels.count, "label")):"
                + " \(labels.joined(separator: ", "))"
        )
        if !teaching.targets.isEmpty {
            Output.note(
                "targets: of \(NumberText.counted(corpus.tracksWithTargets, "labelled track")), and of"
                    + " \(NumberText.counted(corpus.unlabelled.count, "track")) without a label")
        }
        for note in CorpusSize.notes(corpus) { Output.note(note) }
        let session = TrainingSession(
            plan: plan, checkpoints: needs ? nil : out, resumes: resume, workers: jobs.workers)
        try session.checkMemory()
        guard let out, let files, !needs else { return try showNeeds(of: plan) }
        try session.checkCheckpoints()
        // What is left of an interrupted run is said after its first epoch.
        if !resume { try showNeeds(of: plan) }
        let result = try session.run(TrainingProgress.show)
        try files.write(result)
        session.removeCheckpoints()
        Output.note(evaluateOnly ? "report: \(out).html" : "model: \(out), report: \(out).html")
        Output.lines(TrainingSummary.lines(result.report))
    }

    private func showNeeds(of plan: TrainingPlan) throws {
        TrainingProgress.show(try plan.needs(workers: jobs.workers), threads: jobs.workers.count)
    }

    /// The configuration of `--config`, or the default one, with the epochs of `--epochs`.
    private func trainingConfiguration() throws -> TrainingConfiguration {
        var configuration =
            try config.map { path in try TrainingConfiguration(contentsOf: path) } ?? TrainingConfiguration()
        if let epochs {
            configuration.epochs = epochs
            for index in configuration.teachers.indices { configuration.teachers[index].epochs = epochs }
        }
        if let problem = configuration.problem { throw TrainingError(.badParameter, problem) }
        return configuration
    }

    /// Reads the feature stores, and prints which tracks are left out.
    private func corpus() throws -> Corpus {
        let corpus = try Corpus(
            data.sources(), variants: variants, unlabelled: teaching.unlabelled, targets: teaching.targets,
            aliases: data.aliases(), noMusic: data.noMusicLabels, groups: data.trackGroups())
        for remark in corpus.remarks { Output.note("left out: \(remark)") }
        return corpus
    }

    /// The splits that `--folds`, `--split` and `--valid` ask for; none if nothing is held out.
    private func splits(of corpus: Corpus) throws -> [DataSplit] {
        let heldOut = try valid.map { path in try TrackList.read(path) } ?? []
        if let folds {
            return try DataSplit.folds(corpus, count: folds, groups: data.groupsForFolds(), heldOut: heldOut)
        }
        guard !heldOut.isEmpty else { return [] }
        let training = try split.map { path in try TrackList.read(path) }
        return [try DataSplit(corpus, training: training, heldOut: heldOut)]
    }

    /// Prints which tracks are never evaluated, which are not used at all, and which labels cannot be evaluated.
    private func warn(about splits: [DataSplit], of corpus: Corpus) {
        guard !splits.isEmpty else { return }
        if folds != nil {
            let training = splits.map { Set($0.training) }
            let always = training.dropFirst().reduce(training[0]) { $0.intersection($1) }
            if !always.isEmpty {
                Output.note("\(NumberText.counted(always.count, "track")): trained on in every fold, never evaluated")
            }
        }
        let used = splits.reduce(into: Set<Int>()) { $0.formUnion($1.training + $1.heldOut) }
        if split == nil, used.count < corpus.tracks.count {
            Output.note(
                "\(corpus.tracks.count - used.count) of \(NumberText.counted(corpus.tracks.count, "track")): neither trained on nor"
                    + " evaluated, because other tracks of their groups are held out")
        }
        for label in DataSplit.unseenLabels(of: splits, in: corpus) {
            let reason =
                folds == nil
                ? "held out; the model never saw \(label)"
                : "in one fold; the model that is tested on it never saw \(label)"
            Output.note("every \(label) track is \(reason), so its score for \(label) is meaningless")
        }
    }
}
