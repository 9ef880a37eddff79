// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model
import TestSupport
import Testing

@testable import Training

struct TrainingTests {
    /// A corpus of synthetic genres in memory.
    static func corpus(
        versions: Int = 6, others: [String] = [], aliases: [String: String] = [:]
    ) throws -> (Corpus, TrackGroups) {
        let folder = try TemporaryFolder()
        let groups = try SyntheticGenres.makeStore(folder.path, versions: versions, others: others)
        return (try Corpus([.init(path: folder.path)], aliases: aliases, groups: groups), groups)
    }

    /// The bytes of a model.
    static func bytes(_ model: GenreModel) throws -> [UInt8] {
        try model.safeTensors().serialized(halfPrecision: false)
    }

    @Test(.timeLimit(.minutes(1)), arguments: [SyntheticGenres.configuration, SyntheticGenres.distilledConfiguration])
    func `three genres are learned from audio`(configuration: TrainingConfiguration) throws {
        let (corpus, groups) = try Self.corpus(others: ["hiss"], aliases: ["hiss": "no-music"])
        #expect(corpus.labels == ["beats", "clicks", "glides", "no-music"])
        let parts = try DataSplit.folds(corpus, count: 2, groups: groups, heldOut: [])
        let plan = TrainingPlan(
            corpus: corpus, splits: parts, trainsOnEverything: true, configuration: configuration,
            seed: 1)
        let result = try TrainingSession(plan: plan, checkpoints: nil, resumes: false).run { _ in }
        let metrics = try #require(result.report.all)
        #expect(metrics.clips.accuracy > 0.9)
        #expect(metrics.windows.accuracy > 0.85)
        #expect(metrics.clips.n == corpus.tracks.count)
        #expect(result.report.byFold.map(\.run) == ["fold1", "fold2"])
        #expect(result.report.byFold.reduce(0) { $0 + $1.clips } == corpus.tracks.count)
        #expect(result.model.labels == corpus.labels)
        // Versions that are in no fold.
        for (label, genre) in SyntheticGenres.genres.enumerated() {
            let features = try SyntheticGenres.features(SyntheticGenres.audio(genre, version: 50, seconds: 6))
            let output = ClipOutput(
                name: TrackName(genre: genre, track: "new"), label: label, store: 0, labels: 4,
                logits: result.model.logits(of: features))
            let probabilities = (0..<output.windows).map {
                output.logProbabilities(window: $0).map { exp($0) }
            }
            #expect(ClipPrediction(windows: probabilities)?.label == label)
        }
    }

    @Test(arguments: [SyntheticGenres.configuration, SyntheticGenres.branchedConfiguration])
    func `the same seed gives the same model on any number of cores`(configuration: TrainingConfiguration) throws {
        let (corpus, _) = try Self.corpus(versions: 2)
        var configuration = configuration
        configuration.epochs = 2
        let models = try [1, 1, 3].map { workers in
            let trainer = try Trainer(
                corpus: corpus, split: DataSplit(training: Array(corpus.tracks.indices), heldOut: []),
                configuration: configuration, seed: 4,
                workers: Workers(count: workers))
            try trainer.run(checkpoint: nil) { _ in true }
            return try Self.bytes(trainer.model())
        }
        #expect(models[0] == models[1])
        #expect(models[0] == models[2])
        let other = try Trainer(
            corpus: corpus, split: DataSplit(training: Array(corpus.tracks.indices), heldOut: []),
            configuration: configuration, seed: 5)
        try other.run(checkpoint: nil) { _ in true }
        #expect(try Self.bytes(other.model()) != models[0])
    }

    @Test(arguments: [0, 2], [SyntheticGenres.configuration, SyntheticGenres.branchedConfiguration])
    func `a resumed run gives the same model as an uninterrupted one`(
        patience: Int, configuration: TrainingConfiguration
    ) throws {
        let (corpus, _) = try Self.corpus(versions: 3)
        let folder = try TemporaryFolder()
        var configuration = configuration
        configuration.epochs = 4
        configuration.validateEvery = 1
        configuration.patience = patience
        let training = corpus.tracks.indices.filter { $0 % 3 > 0 }
        let heldOut = corpus.tracks.indices.filter { $0 % 3 == 0 }
        func trainer(seed: UInt64 = 7) throws -> Trainer {
            try Trainer(
                corpus: corpus, split: DataSplit(training: training, heldOut: heldOut), configuration: configuration,
                seed: seed,
                workers: Workers(count: 2))
        }
        let whole = try trainer()
        try whole.run(checkpoint: nil) { _ in true }
        let first = try trainer()
        try first.run(checkpoint: folder.file("state")) { $0.epoch.epoch < 2 }
        let second = try trainer()
        try second.resume(from: folder.file("state"))
        #expect(second.history.count == 2)
        try second.run(checkpoint: nil) { _ in true }
        #expect(second.history == whole.history)
        #expect(try Self.bytes(second.model()) == Self.bytes(whole.model()))

        let stranger = try trainer(seed: 8)
        let error = #expect(throws: TrainingError.self) { try stranger.resume(from: folder.file("state")) }
        #expect(error?.message.contains("another --seed") == true)
    }

    /// Teachers are resumed too, and teachers that have finished are not trained again.
    @Test(arguments: ["training.teacher1", "training"])
    func `a resumed session with a teacher gives the same model as an uninterrupted one`(stopped: String) throws {
        let (corpus, groups) = try Self.corpus(versions: 4)
        var configuration = SyntheticGenres.distilledConfiguration
        configuration.epochs = 2
        configuration.teachers[0].epochs = 2
        let part = try DataSplit.folds(corpus, count: 2, groups: groups, heldOut: [])[0]
        let plan = TrainingPlan(
            corpus: corpus, splits: [part], trainsOnEverything: false, configuration: configuration, seed: 5)
        let folder = try TemporaryFolder()
        var state: [String: [UInt8]] = [:]
        var runs: [String] = []
        let whole = try TrainingSession(plan: plan, checkpoints: folder.file("whole"), resumes: false).run { event in
            guard case .epoch(let run, let progress) = event else { return }
            runs.append("\(run) \(progress.epoch.epoch)")
            // Keeps the checkpoints as they are after the run's first epoch.
            if run == stopped && progress.epoch.epoch == 1 {
                for name in ["training.teacher1", "training"] {
                    state[name] = try? readFile(folder.file("whole.\(name).checkpoint"), limit: 1 << 24)
                }
            }
        }
        #expect(runs == ["training.teacher1 1", "training.teacher1 2", "training 1", "training 2"])
        for (name, bytes) in state { try writeFile(bytes, to: folder.file("again.\(name).checkpoint")) }
        var resumed: [String] = []
        let session = TrainingSession(plan: plan, checkpoints: folder.file("again"), resumes: true)
        let again = try session.run { event in
            if case .epoch(let run, let progress) = event { resumed.append("\(run) \(progress.epoch.epoch)") }
        }
        #expect(resumed == (stopped == "training" ? ["training 2"] : Array(runs.dropFirst())))
        #expect(try Self.bytes(again.model) == Self.bytes(whole.model))
        session.removeCheckpoints()
        #expect(!FileManager.default.fileExists(atPath: folder.file("again.training.teacher1.checkpoint")))
    }

    @Test func `a teacher's probabilities are its share of the target`() throws {
        let (corpus, _) = try Self.corpus(versions: 2)
        let distilled = SyntheticGenres.distilledConfiguration
        let training = Array(corpus.tracks.indices)
        let teacher = try Trainer(
            corpus: corpus, split: DataSplit(training: training, heldOut: []),
            configuration: distilled.configuration(of: distilled.teachers[0]),
            seed: 9)
        try teacher.run(checkpoint: nil) { $0.epoch.epoch < 2 }
        let trainer = try Trainer(
            corpus: corpus, split: DataSplit(training: training, heldOut: []), configuration: distilled, seed: 4,
            teachers: [teacher])
        let network = trainer.network
        func targets() -> [Float] { (0..<network.targets.count).map { network.targets.pointer[$0] } }
        trainer.batchBuilder.fill(network, teachers: trainer.teachers, step: 3)
        let plain = targets()
        Teacher.mixTargets(of: network, with: trainer.teachers, share: 0.25)
        // The same windows through the teacher's exported model.
        let model = try teacher.model()
        let transform = teacher.batchBuilder.inputTransforms[0]
        let input = teacher.network.branches[0].input
        for (window, mixed) in targets().chunked(by: 3).enumerated() {
            let coefficients = (0..<50).flatMap { frame -> [Float] in
                let values = (0..<32).map { index -> Double in
                    let value = Double(input[(window * 50 + frame) * 32 + index])
                    return value * transform.deviation[index] + transform.mean[index]
                }
                return (0..<32).map { index -> Float in
                    var sum = 0.0
                    for row in 0..<32 { sum += transform.projection[row * 32 + index] * values[row] }
                    return Float(sum)
                }
            }
            let powers = model.logits(window: coefficients, rounded: false).map { exp($0) }
            for label in 0..<3 {
                let share: Float = powers[label] / powers.reduce(0, +)
                let expected: Float = 0.75 * plain[window * 3 + label] + 0.25 * share
                #expect(abs(mixed[label] - expected) < 1e-4)
            }
        }
    }

    /// A checkpoint of one step, with a trainer that can resume from it.
    private static func checkpoint(in folder: TemporaryFolder) throws -> (bytes: [UInt8], trainer: Trainer) {
        let (corpus, _) = try Self.corpus(versions: 1)
        var configuration = SyntheticGenres.configuration
        configuration.epochs = 1
        configuration.stepsPerEpoch = 1
        let trainer = try Trainer(
            corpus: corpus, split: DataSplit(training: Array(corpus.tracks.indices), heldOut: []),
            configuration: configuration, seed: 1)
        try trainer.run(checkpoint: folder.file("state")) { _ in true }
        return (try readFile(folder.file("state"), limit: 1 << 24), trainer)
    }

    @Test func `a truncated checkpoint is refused`() throws {
        let folder = try TemporaryFolder()
        let (good, trainer) = try Self.checkpoint(in: folder)
        var generator = CounterGenerator(seed: 3, purpose: .sample)
        for length in [0, 7, 8, good.count - 1] + (0..<200).map({ _ in generator.index(good.count) }) {
            try writeFile(good[..<length], to: folder.file("bad"))
            #expect(throws: TrainingError.self, "\(length) bytes") { try trainer.resume(from: folder.file("bad")) }
        }
        try trainer.resume(from: folder.file("state"))
    }

    /// Any flipped bit in the header is refused, except in the numbers of the history and the count of validations: any
    /// other numbers are as valid there.
    @Test func `a checkpoint with a damaged header is refused`() throws {
        let folder = try TemporaryFolder()
        let (good, trainer) = try Self.checkpoint(in: folder)
        let length = 8 + good[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = String(decoding: good[8..<length], as: UTF8.self)
        let history = try #require(header.firstRange(of: #"history\":["#))
        let end = try #require(header[history.upperBound...].firstIndex(of: "]"))
        let count = try #require(header.firstRange(of: #"validationsSinceBest\":0"#))
        let free = [
            header.utf8.distance(
                from: header.startIndex, to: history.upperBound)..<header.utf8.distance(
                    from: header.startIndex, to: end),
            header.utf8.distance(from: header.startIndex, to: count.upperBound)
                - 1..<header.utf8.distance(from: header.startIndex, to: count.upperBound),
        ]
        var generator = CounterGenerator(seed: 4, purpose: .sample)
        for place in 0..<length where !free.contains(where: { $0.contains(place - 8) }) {
            var bytes = good
            let bit = generator.index(8)
            bytes[place] ^= UInt8(1 << bit)
            try writeFile(bytes, to: folder.file("bad"))
            #expect(throws: TrainingError.self, "bit \(bit) of byte \(place)") {
                try trainer.resume(from: folder.file("bad"))
            }
        }
    }

    @Test func `a checkpoint with numbers that are not finite is refused`() throws {
        let folder = try TemporaryFolder()
        let (good, trainer) = try Self.checkpoint(in: folder)
        let body = 8 + good[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        for place in stride(from: body, to: good.count, by: 4 * 97) {
            var bytes = good
            bytes.replaceSubrange(place..<(place + 4), with: [0, 0, 0x80, 0x7F])
            try writeFile(bytes, to: folder.file("bad"))
            let error = #expect(throws: TrainingError.self) { try trainer.resume(from: folder.file("bad")) }
            #expect(error?.message.contains("not finite") == true)
        }
    }

    @Test(arguments: [SyntheticGenres.configuration, SyntheticGenres.branchedConfiguration])
    func `the exported model computes the same logits as the network`(configuration: TrainingConfiguration) throws {
        let (corpus, _) = try Self.corpus(versions: 2)
        var configuration = configuration
        configuration.epochs = 1
        configuration.averaging = 0
        let trainer = try Trainer(
            corpus: corpus, split: DataSplit(training: Array(corpus.tracks.indices), heldOut: []),
            configuration: configuration, seed: 2)
        try trainer.run(checkpoint: nil) { _ in true }
        let model = try trainer.model()
        trainer.network.parameters = trainer.optimizer.average
        trainer.network.running = trainer.optimizer.averageRunning
        trainer.batchBuilder.fill(trainer.network, step: 1000)
        trainer.network.forward(.inference)
        let transform = trainer.batchBuilder.inputTransforms[0]
        // Converts the first branch's input back to plain coefficients, by the transpose of the projection. The removed
        // directions must not matter to any branch.
        let inverse = InputTransform(ignoringTopBands: configuration.ignoredTopBands)
        var generator = CounterGenerator(seed: 6, purpose: .sample)
        let noise = (0..<32).map { _ in Double(generator.uniform(-20, 20)) }
        let removed = (0..<32).map { row -> Double in
            var rest: Double = noise[row]
            for index in 0..<32 { rest -= inverse.projection[row * 32 + index] * noise[index] }
            return rest
        }
        let width = transform.outputs
        for window in 0..<configuration.batch {
            let coefficients = (0..<50).flatMap { frame -> [Float] in
                let values = (0..<width).map { index -> Double in
                    let input = trainer.network.branches[0].input[(window * 50 + frame) * width + index]
                    return Double(input) * transform.deviation[index] + transform.mean[index]
                }
                return (0..<32).map { index -> Float in
                    var sum: Double = removed[index]
                    for row in 0..<width { sum += transform.projection[row * 32 + index] * values[row] }
                    return Float(sum)
                }
            }
            let logits = model.logits(window: coefficients, rounded: false)
            #expect(logits.count == 3)
            for (label, logit) in logits.enumerated() {
                #expect(abs(logit - trainer.network.logits.pointer[window * 3 + label]) < 1e-4)
            }
        }
    }

    @Test func `held-out tracks and their groups are never trained on`() throws {
        let (corpus, groups) = try Self.corpus(versions: 8)
        let parts = try DataSplit.folds(corpus, count: 4, groups: groups, heldOut: [])
        for part in parts {
            let heldOut = Set(part.heldOut.map { corpus.tracks[$0].group })
            #expect(heldOut.isDisjoint(with: part.training.map { corpus.tracks[$0].group }))
            #expect(part.heldOut.count + part.training.count == corpus.tracks.count)
        }
        #expect(Set(parts.flatMap(\.heldOut)).count == corpus.tracks.count)
        let valid = [corpus.tracks[0].name]
        let part = try DataSplit(corpus, training: nil, heldOut: valid)
        #expect(part.heldOut == [0])
        #expect(!part.training.contains { corpus.tracks[$0].group == corpus.tracks[0].group })
        #expect(throws: TrainingError.self) {
            try DataSplit(corpus, training: [corpus.tracks[1].name], heldOut: valid)
        }
        #expect(throws: TrainingError.self) {
            try DataSplit(corpus, training: nil, heldOut: [TrackName(genre: "beats", track: "unknown")])
        }
    }
}

extension Array {
    /// Divides the array into pieces of `count` elements.
    fileprivate func chunked(by count: Int) -> [[Element]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
    }
}
