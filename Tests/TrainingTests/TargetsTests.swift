// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model
import TestSupport
import Testing

@testable import Training

/// Targets: reading, use in training, and writing by models.
struct TargetsTests {
    private let folder: TemporaryFolder
    private var store: String { folder.file("store") }
    private var targets: String { folder.file("targets") }
    private var unlabelled: String { folder.file("unlabelled") }

    init() throws { folder = try TemporaryFolder() }

    /// Writes rows, [rows, labels], as the targets of a track.
    private func write(_ rows: [[Float]], _ track: TrackName, halfPrecision: Bool = true) throws {
        try makeFolder("\(targets)/\(track.genre)")
        let array = NpyArray(
            shape: [rows.count, rows[0].count], values: rows.flatMap(\.self), isHalfPrecision: halfPrecision)
        try writeFile(array.serialized(), to: "\(targets)/\(track).npy")
    }

    /// A store of two genres with a track each of 4 rows, 12.3 s.
    private func makeStore() throws {
        for genre in ["a", "b"] {
            try makeFolder("\(store)/\(genre)")
            let frames = LogMel(values: [Float](repeating: -20, count: 205 * 64))
            try FeatureStore.write(frames, as: TrackName(genre: genre, track: "one"), in: store)
        }
    }

    private let track = TrackName(genre: "a", track: "one")
    private let rows: [[Float]] = [[1, 0], [0.5, 0.5], [0, 1], [0.25, 0.75]]

    private func corpus() throws -> Corpus { try Corpus([.init(path: store)], targets: [targets]) }

    @Test(arguments: [false, true]) func `targets are read in either precision`(halfPrecision: Bool) throws {
        try makeStore()
        try write(rows, track, halfPrecision: halfPrecision)
        let corpus = try corpus()
        #expect(corpus.tracks[0].recording.targets?.rows == rows.flatMap(\.self))
        #expect(corpus.tracks[1].recording.targets == nil)
    }

    @Test func `labels are matched by name, and a label without a column has probability zero`() throws {
        try makeStore()
        try write([[0.1, 0.9], [1, 0], [1, 0], [1, 0]], track)
        try writeFile("b\na\n".utf8, to: "\(targets)/labels.txt")
        #expect(
            try Array(#require(corpus().tracks[0].recording.targets).rows.prefix(2)).map { ($0 * 10).rounded() } == [
                9, 1,
            ])

        try makeFolder("\(store)/no-music")
        let hiss = TrackName(genre: "no-music", track: "hiss")
        try FeatureStore.write(LogMel(values: [Float](repeating: -20, count: 60 * 64)), as: hiss, in: store)
        let corpus = try corpus()
        #expect(corpus.labels == ["a", "b", "no-music"])
        #expect(try #require(corpus.tracks[0].recording.targets).rows[2] == 0)
    }

    @Test func `several teachers are averaged over the rows that all of them have`() throws {
        try makeStore()
        try write(rows, track)
        let other = TargetsTests.Other(folder: folder.file("other"))
        try other.write([[0, 1], [0.5, 0.5], [1, 0], [0.75, 0.25], [1, 0]], track)
        let corpus = try Corpus([.init(path: store)], targets: [targets, other.folder])
        #expect(corpus.tracks[0].recording.targets?.rows == [Float](repeating: 0.5, count: 8))
    }

    /// A second folder of targets.
    private struct Other {
        let folder: String

        func write(_ rows: [[Float]], _ track: TrackName) throws {
            try makeFolder("\(folder)/\(track.genre)")
            try TargetStore.write(rows.flatMap(\.self), labels: rows[0].count, as: track, in: folder)
        }
    }

    @Test(
        arguments: [
            ([[1, 0], [1, 0], [1, 0]], "3 rows, but 205 frames of features need 4"),
            ([[Float]](repeating: [1, 0], count: 12), "12 rows"),
            ([[1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]], "has shape [4, 3]"),
            ([[1, 0], [.nan, 1], [1, 0], [1, 0]], "row 1"),
            ([[1, 0], [1, 0], [-0.5, 1.5], [1, 0]], "row 2"),
            ([[1, 0], [1, 0], [1, 0], [0.5, 0.2]], "row 3"),
            ([[1, 0], [1, 0], [1, 0], [.infinity, 0]], "row 3"),
        ] as [([[Float]], String)])
    func `targets that do not fit are refused with the file and the reason`(rows: [[Float]], reason: String) throws {
        try makeStore()
        try write(rows, track, halfPrecision: false)
        let error = #expect(throws: TrainingError.self) { _ = try corpus() }
        #expect(error?.message.contains("a/one.npy") == true)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test func `labels and folders that do not fit are refused`() throws {
        try makeStore()
        func message(_ body: () throws -> Void) -> String {
            #expect(throws: TrainingError.self) { try body() }?.message ?? ""
        }
        #expect(message { _ = try corpus() }.contains("is not a folder"))
        try makeFolder(targets)
        #expect(message { _ = try corpus() }.contains("has none of the stores' tracks"))
        try write(rows, track)
        try writeFile("a\nc\n".utf8, to: "\(targets)/labels.txt")
        #expect(message { _ = try corpus() }.contains("a label 'c', which no store has"))
        try writeFile("a\na\n".utf8, to: "\(targets)/labels.txt")
        #expect(message { _ = try corpus() }.contains("must name each label once"))
        try writeFile([0xFF, 0xFE], to: "\(targets)/labels.txt")
        #expect(message { _ = try corpus() }.contains("not a text file"))
    }

    @Test func `rubbish in place of targets is refused and never crashes`() throws {
        try makeStore()
        try write(rows, track)
        let path = "\(targets)/\(track).npy"
        let bytes = try readFile(path, limit: 1 << 20)
        var generator = CounterGenerator(seed: 5, purpose: .sample)
        for _ in 0..<300 {
            var damaged = bytes
            for _ in 0..<generator.integer(1..<6) {
                damaged[generator.index(damaged.count)] = UInt8(generator.index(256))
            }
            if generator.chance(0.3) { damaged.removeLast(generator.index(damaged.count)) }
            try writeFile(damaged, to: path)
            do {
                let rows = try #require(try corpus().tracks[0].recording.targets).rows
                #expect(rows.allSatisfy { $0 >= 0 && $0 <= 1 })
            } catch is TrainingError {}
        }
    }

    @Test func `a window's targets are its rows, weighted by how much it covers of each`() {
        let targets = TrackTargets(rows: [1, 0, 0, 1], labels: 2)
        var configuration = TargetsConfiguration()
        configuration.windowShare = 1
        func written(_ start: Float, _ length: Float) -> [Float] {
            var output: [Float] = [.nan, .nan]
            output.withUnsafeMutableBufferPointer {
                targets.write(start: start, length: length, configuration, to: $0.baseAddress!)
            }
            return output.map { ($0 * 1000).rounded() / 1000 }
        }
        #expect(written(0, 50) == [1, 0])
        #expect(written(25, 50) == [0.5, 0.5])
        #expect(written(40, 40) == [0.25, 0.75])
        // Behind the last row it counts on.
        #expect(written(90, 60) == [0, 1])
        #expect(written(500, 50) == [0, 1])
        configuration.windowShare = 0.5
        #expect(written(0, 50) == [0.75, 0.25])
        configuration.temperature = 0.5
        #expect(written(0, 50) == [0.9, 0.1])
    }

    /// A teacher's targets for tracks without labels: glides are `high`, the other two kinds `low`.
    @Test(.timeLimit(.minutes(2))) func `targets alone teach, and the model's own targets are like them`() throws {
        let groups = try SyntheticGenres.makeStore(unlabelled, versions: 6, seconds: 9.2)
        try makeFolder(targets)
        try TargetStore.write(labels: ["high", "low"], in: targets)
        for track in groups.entries.keys {
            let high: Float = track.genre == "glides" ? 0.9 : 0.2
            try write([[Float]](repeating: [high, 1 - high], count: 3), track)
        }
        let corpus = try Corpus([], unlabelled: [unlabelled], targets: [targets])
        #expect(corpus.labels == ["high", "low"])
        #expect(corpus.tracks.isEmpty && corpus.unlabelled.count == 18)
        var configuration = SyntheticGenres.configuration
        configuration.labelSmoothing = 0
        configuration.mixup = 0
        configuration.epochs = 10
        let plan = TrainingPlan(
            corpus: corpus, splits: [], trainsOnEverything: true, configuration: configuration, seed: 1)
        let result = try TrainingSession(plan: plan, checkpoints: nil, resumes: false).run { _ in }
        #expect(result.report.unlabelledTracks == 18)
        for genre in SyntheticGenres.genres {
            let features = try SyntheticGenres.features(SyntheticGenres.audio(genre, version: 70, seconds: 9.2))
            let rows = GenreModel.targets(of: features, by: [result.model])
            #expect(rows.count == 6)
            let mean = (rows[0] + rows[2] + rows[4]) / 3
            #expect(abs(mean - (genre == "glides" ? 0.9 : 0.2)) < 0.2, "\(genre): \(rows)")
        }
        // Written and read again, they fit.
        let track = TrackName(genre: "glides", track: "glides.0")
        let features = try FeatureStore.load(track, in: unlabelled)
        let own = folder.file("own")
        try makeFolder("\(own)/glides")
        try TargetStore.write(labels: result.model.labels, in: own)
        let rows = GenreModel.targets(of: features, by: [result.model, result.model])
        try TargetStore.write(rows, labels: 2, as: track, in: own)
        let again = try Corpus([], unlabelled: [unlabelled], targets: [own])
        let read = try #require(again.unlabelled.first?.targets)
        #expect(again.unlabelled.count == 1 && again.remarks.contains { $0.contains("neither a label nor targets") })
        #expect(zip(read.rows, rows).allSatisfy { abs($0 - $1) < 1e-3 })
    }

    @Test func `unlabelled tracks of a held-out group are not trained on, and get their share`() throws {
        try makeStore()
        var groups = TrackGroups()
        for (number, group) in ["x", "x", "y"].enumerated() {
            let name = TrackName(genre: "any", track: "\(number)")
            try makeFolder("\(unlabelled)/any")
            let frames = LogMel(values: [Float](repeating: -20, count: 60 * 64))
            try FeatureStore.write(frames, as: name, in: unlabelled)
            try write([[0.5, 0.5]], name)
            groups.entries[name] = .init(group: group, weight: 1)
        }
        groups.entries[track] = .init(group: "x", weight: 1)
        let corpus = try Corpus(
            [.init(path: store)], unlabelled: [unlabelled], targets: [targets], groups: groups)
        let split = DataSplit(training: [1], heldOut: [0])
        #expect(corpus.unlabelled(for: split) == [2])
        #expect(corpus.unlabelled(for: DataSplit(training: [0, 1], heldOut: [])) == [0, 1, 2])
        #expect(
            corpus.fingerprint(split).text != (try Corpus([.init(path: store)], groups: groups)).fingerprint(split).text
        )
        let sampler = WindowSampler(
            corpus: corpus, training: split.training, unlabelled: corpus.unlabelled(for: split),
            configuration: SamplingConfiguration(), unlabelledShare: 0.3)
        let drawn = (0..<10_000).map { index in
            var generator = CounterGenerator(seed: 6, index: index, purpose: .sample)
            return sampler.draw(index: index, &generator)
        }
        #expect(Set(drawn.map { "\($0)" }) == ["track(1)", "unlabelled(2)"])
        #expect(abs(Double(drawn.count { $0 == .unlabelled(2) }) / 10_000 - 0.3) < 0.02)
    }

    @Test func `a resumed run with targets gives the same model, and other targets refuse it`() throws {
        let groups = try SyntheticGenres.makeStore(store, versions: 2, seconds: 7)
        for track in groups.entries.keys {
            try write([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]], track)
        }
        var configuration = SyntheticGenres.configuration
        configuration.epochs = 3
        func trainer() throws -> Trainer {
            let corpus = try Corpus([.init(path: store)], targets: [targets], groups: groups)
            return try Trainer(
                corpus: corpus, split: DataSplit(training: Array(corpus.tracks.indices), heldOut: []),
                configuration: configuration, seed: 3)
        }
        let whole = try trainer()
        try whole.run(checkpoint: nil) { _ in true }
        let first = try trainer()
        try first.run(checkpoint: folder.file("state")) { $0.epoch.epoch < 2 }
        let second = try trainer()
        try second.resume(from: folder.file("state"))
        try second.run(checkpoint: nil) { _ in true }
        #expect(try TrainingTests.bytes(second.model()) == TrainingTests.bytes(whole.model()))

        try write([[0.5, 0.3, 0.2], [0.2, 0.5, 0.3]], TrackName(genre: "beats", track: "beats.0"))
        let error = #expect(throws: TrainingError.self) { try trainer().resume(from: folder.file("state")) }
        #expect(error?.message.contains("other tracks") == true)
    }
}
