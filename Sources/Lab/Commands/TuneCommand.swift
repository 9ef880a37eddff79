// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Training

/// `genrelab tune`: searches hyperparameters.
struct TuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Search for a better configuration by cross-validation.",
        discussion: """
            SPACE is JSON: keys of the configuration (dotted, as in sampling.noMusicShare), and how each value is drawn:

              { "learningRate": {"log": [5e-4, 5e-3]}, "dropout": {"uniform": [0.2, 0.6]},
                "ignoredTopBands": {"integer": [0, 6]}, "batch": {"choice": [128, 256]} }

            The search is successive halving: all trials run for a few epochs, the best third for three times as many, \
            and so on; the last rung runs for the configuration's own number. --rungs 1 is random search. Trials are \
            ranked by the likelihood of held-out windows.

            RESULTS gets a line of JSON for every trial and rung; after an interruption, the same command continues from \
            there. The best configuration is written to --out, for train --config.
            """)

    @OptionGroup var data: DataOptions

    @Argument(help: "The space to search.")
    var space: String

    @Argument(help: "The file of results, created or continued.")
    var results: String

    @Option(help: ArgumentHelp("The best configuration, written as JSON.", valueName: "config"))
    var out: String

    @Option(help: ArgumentHelp("The configuration to start from, as JSON.", valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp("The tracks to hold out in every fold: one <genre>/<track> per line.", valueName: "file"))
    var valid: String?

    @Option(help: "Networks per trial: folds of the groups, or of the tracks without --groups.")
    var folds = 3

    @Option(help: "The number of configurations to try.")
    var trials = 27

    @Option(help: "Rounds of the halving, each with a third of the trials of the round before.")
    var rungs = 3

    @Option(help: "Random seed.")
    var seed: UInt64 = 1

    @OptionGroup var teaching: TeachingOptions

    @OptionGroup var jobs: JobsOption

    func validate() throws {
        if data.features.isEmpty { throw ValidationError("--features DIR is missing: the features to train on") }
        guard (2...50).contains(folds) else { throw ValidationError("--folds must be 2 to 50") }
        guard (1...10_000).contains(trials) else { throw ValidationError("--trials must be 1 to 10000") }
        guard (1...8).contains(rungs) else { throw ValidationError("--rungs must be 1 to 8") }
    }

    func run() throws {
        FastKernels.use()
        let base = try config.map { path in try TrainingConfiguration(contentsOf: path) } ?? TrainingConfiguration()
        let space = try SearchSpace(contentsOf: self.space, over: base)
        try checkWritable(out)
        let corpus = try Corpus(
            data.sources(), unlabelled: teaching.unlabelled, targets: teaching.targets, aliases: data.aliases(),
            noMusic: data.noMusicLabels, groups: data.trackGroups())
        let heldOut = try valid.map { path in try TrackList.read(path) } ?? []
        for note in CorpusSize.notes(corpus) { Output.note(note) }
        let tuner = Tuner(
            corpus: corpus,
            splits: try DataSplit.folds(corpus, count: folds, groups: data.groupsForFolds(), heldOut: heldOut),
            space: space, base: base, trials: trials, rungs: rungs, seed: seed, workers: jobs.workers)
        var isEstimated = false
        let (outcomes, best) = try tuner.run(results: results) { outcome, isOld in
            if !isOld, !isEstimated {
                isEstimated = true
                let pace = outcome.seconds / Double(outcome.epochs)
                Output.note("the whole search will take about \(DurationText.text(pace * Double(tuner.epochs)))")
            }
            Output.note(
                "rung \(outcome.rung + 1)/\(rungs) trial \(outcome.trial + 1)/\(trials)  NLL \(outcome.nll.digits(3))  windows "
                    + "\(outcome.windowAccuracy.percent)  \(isOld ? "(known)" : DurationText.text(outcome.seconds))")
        }
        Output.lines(Table.lines(table(outcomes)))
        try writeFile(Output.prettyJSON(best), to: out)
        Output.note("best configuration: \(out)")
    }

    /// The outcomes as a table: the last rung first, and in each rung the best first.
    private func table(_ outcomes: [Tuner.Outcome]) -> [[String]] {
        let keys = outcomes.first?.settings.keys.sorted() ?? []
        let sorted = outcomes.sorted { (-$0.rung, $0.nll) < (-$1.rung, $1.nll) }
        return [["trial", "epochs", "NLL", "windows", "clips"] + keys]
            + sorted.map { outcome in
                [
                    "\(outcome.trial + 1)", "\(outcome.epochs)", outcome.nll.digits(3), outcome.windowAccuracy.percent,
                    outcome.clipAccuracy.percent,
                ] + keys.map { outcome.settings[$0] ?? "" }
            }
    }
}
