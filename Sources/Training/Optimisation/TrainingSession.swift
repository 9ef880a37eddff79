// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// Carries out a plan, with a checkpoint after every epoch.
package struct TrainingSession {
    /// Progress of a session.
    package enum Event: Sendable {
        /// `resumes` was asked for, but there is no checkpoint to resume from.
        case startedAnew
        /// A run starts: its name, its number and how many there are, how many tracks it trains on and holds out, and the
        /// epoch that it resumes after.
        case started(run: String, number: Int, of: Int, training: Int, heldOut: Int, after: Int)
        case epoch(run: String, Trainer.Progress)
        /// A run's network was evaluated on its held-out tracks, before calibration.
        case evaluated(run: String, ClassificationMetrics)
    }

    /// The outcome of a session.
    package struct Result {
        package var model: GenreModel
        package var report: TrainingReport
        /// Each split's model and the tracks that it never saw.
        package var folds: [(model: GenreModel, heldOut: [TrackName])]
    }

    package let plan: TrainingPlan
    /// Where checkpoints are written: this, a dot and the run's name.
    package let checkpoints: String?
    package let resumes: Bool
    package let workers: Workers

    package init(plan: TrainingPlan, checkpoints: String?, resumes: Bool, workers: Workers = Workers()) {
        self.plan = plan
        self.checkpoints = checkpoints
        self.resumes = resumes
        self.workers = workers
    }

    private func checkpoint(_ run: String) -> String? { checkpoints.map { "\($0).\(run).checkpoint" } }

    /// Trains, evaluates and calibrates.
    package func run(_ onEvent: (Event) -> Void) throws(TrainingError) -> Result {
        try checkMemory()
        let existing = existingCheckpoints
        try check(existing)
        if resumes && existing.isEmpty { onEvent(.startedAnew) }
        let clock = ContinuousClock()
        let start = clock.now
        var histories: [TrainingReport.Run] = []
        var evaluated: [(run: String, model: GenreModel, fold: CrossCalibration.Fold)] = []
        for (number, split) in plan.splits.enumerated() {
            let name = name(ofSplit: number)
            let trainer = try train(name, split, seed: plan.seed &+ UInt64(number), &histories, onEvent)
            let model = try trainer.model()
            let outputs = model.outputs(of: split.heldOut, in: plan.corpus, workers: workers)
            onEvent(.evaluated(run: name, ClassificationMetrics(outputs, labels: plan.corpus.labels)))
            let trainedLabels = split.trainedLabels(in: plan.corpus)
            evaluated.append((name, model, .init(outputs: outputs, trainedLabels: trainedLabels)))
        }
        let calibrations = CrossCalibration(
            evaluated.map(\.fold), of: plan.corpus, sampling: plan.configuration.sampling)
        var final = evaluated.last?.model
        if plan.trainsOnEverything || final == nil {
            let everything = DataSplit(training: Array(plan.corpus.tracks.indices), heldOut: [])
            final = try train("everything", everything, seed: plan.seed, &histories, onEvent).model()
        }
        guard let final else { throw TrainingError(.badParameter, "there is nothing to train") }
        let report = TrainingReport(
            plan: plan,
            evaluated: zip(evaluated, calibrations.folds).map { ($0.run, $0.fold.outputs, $1) },
            calibration: calibrations.whole, runs: histories, seconds: (clock.now - start) / .seconds(1),
            isResumed: resumes && !existing.isEmpty)
        func calibrated(_ model: GenreModel, _ calibration: Calibration, _ card: [String: String]) -> GenreModel {
            model.with(temperature: calibration.temperature, offsets: calibration.offsets, card: card)
        }
        return Result(
            model: calibrated(final, calibrations.whole, report.card), report: report,
            folds: zip(evaluated, calibrations.folds).map { evaluated, calibration in
                (
                    calibrated(evaluated.model, calibration, report.card(ofRun: evaluated.run)),
                    evaluated.fold.outputs.map(\.name)
                )
            })
    }

    /// Trains the teachers for a split, then its network.
    private func train(
        _ name: String, _ split: DataSplit, seed: UInt64, _ histories: inout [TrainingReport.Run],
        _ onEvent: (Event) -> Void
    ) throws(TrainingError) -> Trainer {
        var teachers: [Trainer] = []
        for (number, teacher) in zip(1..., plan.configuration.teachers) {
            // With another seed, so that a teacher is not trained on the very windows that its student will see.
            teachers.append(
                try train(
                    Self.name(ofTeacher: number, of: name), split, plan.configuration.configuration(of: teacher),
                    seed: seed &+ UInt64(number) &* 1_000_003, teachers: [], &histories, onEvent))
        }
        return try train(name, split, plan.configuration, seed: seed, teachers: teachers, &histories, onEvent)
    }

    private static func name(ofTeacher number: Int, of run: String) -> String { "\(run).teacher\(number)" }

    private func train(
        _ name: String, _ split: DataSplit, _ configuration: TrainingConfiguration, seed: UInt64,
        teachers: [Trainer], _ histories: inout [TrainingReport.Run], _ onEvent: (Event) -> Void
    ) throws(TrainingError) -> Trainer {
        let trainer = try Trainer(
            corpus: plan.corpus, split: split, configuration: configuration, seed: seed, teachers: teachers,
            workers: workers)
        let checkpoint = checkpoint(name)
        if resumes, let checkpoint, FileManager.default.fileExists(atPath: checkpoint) {
            try trainer.resume(from: checkpoint)
        }
        onEvent(
            .started(
                run: name, number: histories.count + 1, of: runs.count, training: split.training.count,
                heldOut: split.heldOut.count, after: trainer.history.count))
        try trainer.run(checkpoint: checkpoint) {
            onEvent(.epoch(run: name, $0))
            return true
        }
        histories.append(TrainingReport.Run(name: name, epochs: trainer.history))
        return trainer
    }

    /// Removes the checkpoints of a session that is complete.
    package func removeCheckpoints() {
        for run in runs {
            if let path = checkpoint(run) { unlink(path) }
        }
    }

    private func name(ofSplit number: Int) -> String { plan.splits.count == 1 ? "training" : "fold\(number + 1)" }

    /// The names of all runs in their order: each network after its teachers.
    private var runs: [String] {
        let splits = plan.splits.indices.map(name(ofSplit:))
        let students = splits + (plan.trainsOnEverything || splits.isEmpty ? ["everything"] : [])
        return students.flatMap { run in
            plan.configuration.teachers.indices.map { Self.name(ofTeacher: $0 + 1, of: run) } + [run]
        }
    }

    /// Refuses to start over checkpoints that do not belong to this session.
    package func checkCheckpoints() throws(TrainingError) { try check(existingCheckpoints) }

    /// Refuses to start if that would overwrite checkpoints: those that are not to be resumed, or belong to other runs.
    private func check(_ existing: [String]) throws(TrainingError) {
        if !resumes, let path = existing.first {
            throw TrainingError(
                .badParameter,
                "'\(path)' belongs to an unfinished run: continue it with --resume, or delete it")
        }
        let own = Set(runs.compactMap { checkpoint($0) }.map { ($0 as NSString).lastPathComponent })
        if let other = existing.first(where: { !own.contains(($0 as NSString).lastPathComponent) }) {
            throw TrainingError(
                .badParameter,
                "'\(other)' belongs to a run with other folds or teachers: use --resume with the options of that run, or delete"
                    + " it")
        }
    }

    /// The checkpoints that are already where this session writes its own.
    private var existingCheckpoints: [String] {
        guard let checkpoints else { return [] }
        let base = URL(fileURLWithPath: checkpoints)
        let folder = base.deletingLastPathComponent().path
        let name = #/(training|everything|fold\d+)(\.teacher\d+)?\.checkpoint/#
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.filter {
            $0.hasPrefix("\(base.lastPathComponent).")
                && $0.dropFirst(base.lastPathComponent.count + 1).wholeMatch(of: name) != nil
        }.sorted().map { "\(folder)/\($0)" }
    }

    /// Refuses a batch that does not fit into memory, before hours are spent on its teachers.
    package func checkMemory() throws(TrainingError) {
        let needed = plan.batchMemory
        let memory = Int(ProcessInfo.processInfo.physicalMemory)
        guard needed <= memory else {
            throw TrainingError(
                .badParameter,
                "a batch of \(plan.configuration.batch) windows needs \(needed >> 20) MiB of memory, and this machine has"
                    + " \(memory >> 20): make 'batch' smaller")
        }
    }
}
