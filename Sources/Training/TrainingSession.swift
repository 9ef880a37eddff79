// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// A whole experiment: which divisions of the corpus are trained and judged, and whether a model of everything follows.
package struct TrainingPlan: Sendable {
    package var corpus: Corpus
    /// Each is trained on its own and judged by what it holds out; empty when nothing is held out.
    package var parts: [Division.Part]
    /// Whether the model is trained anew on everything after the parts were judged: with folds, with no parts, or if
    /// asked for.
    package var trainsOnEverything: Bool
    package var configuration: TrainingConfiguration
    package var seed: UInt64

    package init(
        corpus: Corpus, parts: [Division.Part], trainsOnEverything: Bool, configuration: TrainingConfiguration,
        seed: UInt64
    ) {
        self.corpus = corpus
        self.parts = parts
        self.trainsOnEverything = trainsOnEverything
        self.configuration = configuration
        self.seed = seed
    }
}

/// Carries out a plan, with a checkpoint after every epoch.
package struct TrainingSession {
    /// What a session tells while it runs.
    package enum Event: Sendable {
        /// There is no checkpoint to resume from.
        case beganAnew
        /// A run begins: its name, which of how many it is, the number of tracks that it trains on and holds out, the epoch it goes on after.
        case began(run: String, number: Int, of: Int, training: Int, held: Int, after: Int)
        case epoch(run: String, Trainer.Progress)
        /// What a run's network says of what it held out, before calibration.
        case judged(run: String, Figures)
    }

    /// What a session leaves.
    package struct Result {
        package var model: GenreModel
        package var report: TrainingReport
        /// Each part's model, and the tracks that it never saw.
        package var parts: [(model: GenreModel, held: [TrackName])]
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

    /// Trains, judges, calibrates.
    package func run(_ tell: (Event) -> Void) throws(TrainingError) -> Result {
        try checkMemory()
        let there = checkpointsThere
        try check(there)
        if resumes && there.isEmpty { tell(.beganAnew) }
        let clock = ContinuousClock()
        let start = clock.now
        var histories: [TrainingReport.Run] = []
        var judged: [(run: String, model: GenreModel, said: CrossCalibration.Part)] = []
        for (number, part) in plan.parts.enumerated() {
            let name = name(ofPart: number)
            let trainer = try train(name, part, seed: plan.seed &+ UInt64(number), &histories, tell)
            let model = try trainer.model()
            let outputs = model.outputs(of: part.held, in: plan.corpus, workers: workers)
            tell(.judged(run: name, Figures(outputs, labels: plan.corpus.labels)))
            judged.append((name, model, .init(outputs: outputs, taught: part.taught(in: plan.corpus))))
        }
        let calibrations = CrossCalibration(
            judged.map(\.said), of: plan.corpus, sampling: plan.configuration.sampling)
        var final = judged.last?.model
        if plan.trainsOnEverything || final == nil {
            let everything = Division.Part(training: Array(plan.corpus.tracks.indices), held: [])
            final = try train("everything", everything, seed: plan.seed, &histories, tell).model()
        }
        guard let final else { throw TrainingError(.badParameter, "there is nothing to train") }
        let report = TrainingReport(
            plan: plan,
            judged: zip(judged, calibrations.parts).map { ($0.run, $0.said.outputs, $1) },
            calibration: calibrations.whole, runs: histories, seconds: (clock.now - start) / .seconds(1),
            isResumed: resumes && !there.isEmpty)
        func calibrated(_ model: GenreModel, _ calibration: Calibration, _ card: [String: String]) -> GenreModel {
            model.with(temperature: calibration.temperature, offsets: calibration.offsets, card: card)
        }
        return Result(
            model: calibrated(final, calibrations.whole, report.card), report: report,
            parts: zip(judged, calibrations.parts).map { part, calibration in
                (calibrated(part.model, calibration, report.card(ofRun: part.run)), part.said.outputs.map(\.name))
            })
    }

    /// Trains a part's teachers, then its network.
    private func train(
        _ name: String, _ part: Division.Part, seed: UInt64, _ histories: inout [TrainingReport.Run],
        _ tell: (Event) -> Void
    ) throws(TrainingError) -> Trainer {
        var teachers: [Trainer] = []
        for (number, teacher) in zip(1..., plan.configuration.teachers) {
            // Of another seed, so that a teacher does not hear the very windows that its student will.
            teachers.append(
                try train(
                    Self.name(ofTeacher: number, of: name), part, plan.configuration.configuration(of: teacher),
                    seed: seed &+ UInt64(number) &* 1_000_003, teachers: [], &histories, tell))
        }
        return try train(name, part, plan.configuration, seed: seed, teachers: teachers, &histories, tell)
    }

    private static func name(ofTeacher number: Int, of run: String) -> String { "\(run).teacher\(number)" }

    private func train(
        _ name: String, _ part: Division.Part, _ configuration: TrainingConfiguration, seed: UInt64,
        teachers: [Trainer], _ histories: inout [TrainingReport.Run], _ tell: (Event) -> Void
    ) throws(TrainingError) -> Trainer {
        let trainer = try Trainer(
            corpus: plan.corpus, training: part.training, held: part.held, configuration: configuration,
            seed: seed, teachers: teachers, workers: workers)
        let checkpoint = checkpoint(name)
        if resumes, let checkpoint, FileManager.default.fileExists(atPath: checkpoint) {
            try trainer.resume(from: checkpoint)
        }
        tell(
            .began(
                run: name, number: histories.count + 1, of: runs.count, training: part.training.count,
                held: part.held.count, after: trainer.history.count))
        try trainer.run(checkpoint: checkpoint) {
            tell(.epoch(run: name, $0))
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

    private func name(ofPart number: Int) -> String { plan.parts.count == 1 ? "training" : "fold\(number + 1)" }

    /// What is trained, by name, in that order: each network after its teachers.
    private var runs: [String] {
        let parts = plan.parts.indices.map(name(ofPart:))
        let students = parts + (plan.trainsOnEverything || parts.isEmpty ? ["everything"] : [])
        return students.flatMap { run in
            plan.configuration.teachers.indices.map { Self.name(ofTeacher: $0 + 1, of: run) } + [run]
        }
    }

    /// Refuses to begin where checkpoints would be lost: those that shall not be resumed, or are of other runs.
    private func check(_ there: [String]) throws(TrainingError) {
        if !resumes, let one = there.first {
            throw TrainingError(
                .badParameter,
                "'\(one)' is of a training that did not end: --resume goes on with it; remove it to begin anew")
        }
        let own = Set(runs.compactMap { checkpoint($0) }.map { ($0 as NSString).lastPathComponent })
        if let other = there.first(where: { !own.contains(($0 as NSString).lastPathComponent) }) {
            throw TrainingError(
                .badParameter,
                "'\(other)' is of a training with other folds or teachers: --resume needs its options; or remove it")
        }
    }

    /// The checkpoints that lie where this session writes its own.
    private var checkpointsThere: [String] {
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

    /// Refuses a batch that memory has no room for, before hours have gone into its teachers.
    private func checkMemory() throws(TrainingError) {
        let configuration = plan.configuration
        let networks = [configuration] + configuration.teachers.map { configuration.configuration(of: $0) }
        let needed = networks.reduce(0) { $0 + Trainer.bytes($1, labels: plan.corpus.labels.count) }
        let memory = Int(ProcessInfo.processInfo.physicalMemory)
        guard needed <= memory else {
            throw TrainingError(
                .badParameter,
                "a batch of \(configuration.batch) windows takes \(needed >> 20) MiB of memory, and this machine has"
                    + " \(memory >> 20): make 'batch' smaller")
        }
    }
}
