// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// Hyperparameter search by successive halving (Jamieson and Talwalkar 2016): many trials with few epochs, then the best
/// third of them with three times as many epochs, and so on. With one rung it is random search.
package struct Tuner {
    /// The result of one trial at one rung, which is a line in the results file.
    package struct Outcome: Codable, Sendable {
        package var trial: Int
        package var rung: Int
        package var epochs: Int
        /// Mean negative log-likelihood of held-out windows after calibration, which the search minimises.
        package var nll: Double
        package var windowAccuracy: Double
        package var clipAccuracy: Double
        package var seconds: Double
        /// The drawn settings: dotted key to JSON value.
        package var settings: [String: String]
        /// A hash of data, splits, base configuration and seed. Outcomes with different hashes cannot be compared.
        package var search: String
    }

    package let corpus: Corpus
    package let splits: [DataSplit]
    package let space: SearchSpace
    package let base: TrainingConfiguration
    package let trials: Int
    package let rungs: Int
    package let seed: UInt64
    package let workers: Workers

    /// Each rung has this many times more epochs than the one before, and this many times fewer trials.
    static let factor = 3

    package init(
        corpus: Corpus, splits: [DataSplit], space: SearchSpace, base: TrainingConfiguration, trials: Int,
        rungs: Int,
        seed: UInt64, workers: Workers = Workers()
    ) {
        self.corpus = corpus
        self.splits = splits
        self.space = space
        self.base = base
        self.trials = trials
        self.rungs = rungs
        self.seed = seed
        self.workers = workers
    }

    private func epochs(ofRung rung: Int) -> Int {
        let scale = (rung + 1..<rungs).reduce(1) { result, _ in result * Self.factor }
        return max(1, base.epochs / scale)
    }

    /// The epochs of all trials in all rungs.
    package var epochs: Int {
        var (count, sum) = (trials, 0)
        for rung in 0..<rungs {
            sum += count * epochs(ofRung: rung)
            count = max(1, count / Self.factor)
        }
        return sum
    }

    /// Runs the trials that are not in the results file yet, and adds their outcomes to it.
    ///
    /// - Parameter onOutcome: called for each outcome, with whether it was in the file already.
    /// - Returns: all outcomes, and the configuration of the last rung's best trial, with its full number of epochs.
    package func run(
        results path: String, _ onOutcome: (Outcome, Bool) -> Void
    ) throws(TrainingError) -> (outcomes: [Outcome], best: TrainingConfiguration) {
        // An impossible draw or an unwritable file is reported now, and not after hours.
        for trial in 0..<trials { _ = try space.draw(seed: seed, trial: trial, over: base) }
        var known = try Self.read(path)
        try checkWritable(path)
        let search = fingerprint
        var outcomes: [Outcome] = []
        var remaining = Array(0..<trials)
        for rung in 0..<rungs {
            let epochs = epochs(ofRung: rung)
            var reached: [Outcome] = []
            for trial in remaining {
                let (drawn, settings) = try space.draw(seed: seed, trial: trial, over: base)
                guard drawn.teachers.isEmpty else {
                    throw TrainingError(
                        .badParameter,
                        "a search trains single networks: leave 'teachers' out, and add them when training the best configuration"
                    )
                }
                if let old = known.first(where: { $0.trial == trial && $0.rung == rung }) {
                    guard old.settings == settings, old.epochs == epochs, old.search == search else {
                        throw TrainingError(
                            .badParameter,
                            "'\(path)' belongs to another search (trial \(trial + 1) differs): use another file, or the same"
                                + " space, data, split, configuration, seed, trials and epochs")
                    }
                    onOutcome(old, true)
                    reached.append(old)
                    continue
                }
                var configuration = drawn
                configuration.epochs = epochs
                configuration.validateEvery = 0
                let outcome = try evaluate(configuration, trial: trial, rung: rung, settings, search)
                known.append(outcome)
                try Self.write(known, to: path)
                onOutcome(outcome, false)
                reached.append(outcome)
            }
            outcomes += reached
            remaining = reached.sorted { ($0.nll, $0.trial) < ($1.nll, $1.trial) }
                .prefix(max(1, reached.count / Self.factor)).map(\.trial)
        }
        guard let best = remaining.first else {
            throw TrainingError(.badParameter, "a search needs at least one trial")
        }
        return (outcomes, try space.draw(seed: seed, trial: best, over: base).configuration)
    }

    private var fingerprint: String {
        var result = Fingerprint()
        result.add("\(seed)")
        result.add((try? JSON.text(base)) ?? "")
        for split in splits { result.add(corpus.fingerprint(split)) }
        return result.text
    }

    private func evaluate(
        _ configuration: TrainingConfiguration, trial: Int, rung: Int, _ settings: [String: String], _ search: String
    ) throws(TrainingError) -> Outcome {
        let clock = ContinuousClock()
        let start = clock.now
        var folds: [CrossCalibration.Fold] = []
        do {
            for split in splits {
                let trainer = try Trainer(
                    corpus: corpus, split: DataSplit(training: split.training, heldOut: []),
                    configuration: configuration, seed: seed,
                    workers: workers)
                try trainer.run(checkpoint: nil) { _ in true }
                let model = try trainer.model()
                folds.append(
                    .init(
                        outputs: model.outputs(of: split.heldOut, in: corpus, workers: workers),
                        trainedLabels: split.trainedLabels(in: corpus)))
            }
        } catch  where error.code == .diverged {
            folds = []
        }
        let calibrations = CrossCalibration(folds, of: corpus, sampling: configuration.sampling)
        let outputs = zip(folds, calibrations.folds).flatMap { $0.outputs.map($1.applied(to:)) }.eachTrackOnce
        let metrics = ClassificationMetrics(outputs, labels: corpus.labels)
        return Outcome(
            trial: trial, rung: rung, epochs: configuration.epochs,
            // JSON has no infinity.
            nll: outputs.isEmpty ? 1e9 : metrics.windows.nll, windowAccuracy: metrics.windows.accuracy,
            clipAccuracy: metrics.clips.accuracy, seconds: (clock.now - start) / .seconds(1), settings: settings,
            search: search)
    }

    private static func read(_ path: String) throws(TrainingError) -> [Outcome] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try TrackList.lines(readFile(path, limit: 64 << 20), path: path).map {
            number, line throws(TrainingError) in
            guard let outcome = try? JSON.decode(Outcome.self, from: Array(line.utf8)) else {
                throw TrainingError(
                    .malformed,
                    "\(path):\(number): not an outcome of a search; delete this line, and the search runs that trial again"
                )
            }
            return outcome
        }
    }

    private static func write(_ outcomes: [Outcome], to path: String) throws(TrainingError) {
        try writeFile(outcomes.compactMap { try? JSON.line($0) }.joined(), to: path)
    }
}
