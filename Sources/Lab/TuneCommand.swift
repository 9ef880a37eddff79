// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Foundation
import Training

/// Searches hyperparameters.
struct TuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Search for a better configuration by cross-validation.",
        discussion: """
            SPACE is JSON: keys of the configuration (dotted, as sampling.noMusicShare) and how each is drawn:

              { "learningRate": {"log": [5e-4, 5e-3]}, "dropout": {"uniform": [0.2, 0.6]},
                "ignoredTopBands": {"integer": [0, 6]}, "batch": {"choice": [128, 256]} }

            By successive halving: all trials with few epochs, the best third with three times as many, and so on; the \
            last rung has the configuration's own number. --rungs 1 is random search. What counts is the likelihood \
            of held-out windows.

            RESULTS gets a line of JSON for every trial and rung; the same command goes on from there after a stop. \
            The best configuration is written to --out, for train --config.
            """)

    @OptionGroup var data: DataOptions

    @Argument(help: "The space to search in.")
    var space: String

    @Argument(help: "The file of results.")
    var results: String

    @Option(help: ArgumentHelp("Where the best configuration is written.", valueName: "config"))
    var out: String

    @Option(help: ArgumentHelp("What is not searched, as JSON.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The tracks to hold out from every fold.", valueName: "file"))
    var valid: String?

    @Option(help: "Networks a trial: folds of the groups, or of the tracks where no --groups are given.")
    var folds = 3

    @Option(help: "Configurations to try.")
    var trials = 27

    @Option(help: "Rounds of the halving, each with a third of the trials before.")
    var rungs = 3

    @Option(help: "What everything random follows from.")
    var seed: UInt64 = 1

    @Option(help: "Threads; one a core by default.")
    var jobs: Int?

    func validate() throws {
        if data.features.isEmpty { throw ValidationError("--features DIR is missing: what is learned from") }
        guard (2...50).contains(folds) else { throw ValidationError("--folds must be 2 to 50") }
        guard (1...10_000).contains(trials) else { throw ValidationError("--trials must be 1 to 10000") }
        guard (1...8).contains(rungs) else { throw ValidationError("--rungs must be 1 to 8") }
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs must be 1 to 256") }
    }

    func run() throws {
        let base = try config.map { path in try TrainingConfiguration(contentsOf: path) } ?? TrainingConfiguration()
        let space = try SearchSpace(contentsOf: self.space, over: base)
        try checkWritable(out)
        let corpus = try Corpus(data.sources(), aliases: data.aliases(), groups: data.trackGroups())
        let held = try valid.map { path in try TrackList.read(path) } ?? []
        let tuner = Tuner(
            corpus: corpus,
            splits: try DataSplit.folds(corpus, count: folds, groups: data.groupsToDivide(), heldOut: held),
            space: space,
            base: base, trials: trials, rungs: rungs, seed: seed, workers: Workers(count: jobs))
        let (outcomes, best) = try tuner.run(results: results) { outcome, isOld in
            Terminal.note(
                "rung \(outcome.rung + 1)/\(rungs) trial \(outcome.trial + 1)/\(trials)  NLL \(outcome.nll.digits(3))  windows "
                    + "\(outcome.windowAccuracy.percent)  \(isOld ? "(known)" : outcome.seconds.duration)")
        }
        for line in Terminal.table(table(outcomes)) { Terminal.line(line) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try writeFile(encoder.encode(best), to: out)
        Terminal.note("best configuration: \(out)")
    }

    /// The last rung first, the best first.
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
