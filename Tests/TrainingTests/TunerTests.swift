// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model
import TestSupport
import Testing

@testable import Training

struct TunerTests {
    static func space(
        _ text: String, over base: TrainingConfiguration = TrainingConfiguration()
    ) throws -> SearchSpace {
        try SearchSpace(parsing: Array(text.utf8), path: "s.json", over: base)
    }

    @Test func `draws lie in their ranges and depend only on seed and trial`() throws {
        let space = try Self.space(
            #"""
            {"learningRate": {"log": [1e-4, 1e-2]}, "dropout": {"uniform": [0.2, 0.6]}, "ignoredTopBands": {"integer": [1, 3]},
             "sampling.noMusicShare": {"choice": [0.1, 0.3]},
             "architecture.blocks": {"choice": [[{"channels": 8, "kernel": 3, "pool": 2}]]}}
            """#)
        var shares: Set<Double> = []
        for trial in 0..<60 {
            let (drawn, settings) = try space.draw(seed: 1, trial: trial, over: TrainingConfiguration())
            #expect((1e-4...1e-2).contains(drawn.learningRate) && (0.2...0.6).contains(drawn.dropout))
            #expect((1...3).contains(drawn.ignoredTopBands))
            #expect(drawn.architecture.branches[0].blocks.map(\.channels) == [8])
            shares.insert(drawn.sampling.noMusicShare)
            #expect(try space.draw(seed: 1, trial: trial, over: TrainingConfiguration()).settings == settings)
        }
        #expect(shares == [0.1, 0.3])
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"dropout": 3}"#, #"{"dropout": {"uniform": [1]}}"#, #"{"dropout": {"log": [0, 1]}}"#,
        #"{"dropout": {"uniform": [0.6, 0.2]}}"#, #"{"dropout": {"uniform": [2, 3]}}"#,
        #"{"dropuot": {"uniform": [0, 1]}}"#,
        #"{"batch": {"choice": ["many"]}}"#, #"{"batch": {"choice": []}}"#, #"{"..": {"choice": [1]}}"#,
    ])
    func `an impossible search space is refused`(text: String) {
        #expect(throws: TrainingError.self) { try Self.space(text) }
    }

    /// A choice of kernels or pools must fit the base configuration's network, and not the default one.
    @Test func `a search space is checked against the settings that are not searched`() throws {
        var base = TrainingConfiguration()
        base.architecture = Architecture(blocks: [.init(channels: 8, kernel: 3, pool: 1)])
        base.teachers = [TeacherConfiguration(architecture: Architecture(blocks: []))]
        let text = #"{"dropout": {"uniform": [0.2, 0.6]}}"#
        #expect(throws: TrainingError.self) { try Self.space(text, over: base) }
        base.teachers = []
        _ = try Self.space(text, over: base)
    }

    @Test(.timeLimit(.minutes(1))) func `a stopped search continues from its results and finds the best setting`()
        throws
    {
        let folder = try TemporaryFolder()
        let (corpus, groups) = try TrainingTests.corpus(versions: 4)
        let parts = try DataSplit.folds(corpus, count: 2, groups: groups, heldOut: [])
        var base = SyntheticGenres.configuration
        base.epochs = 3
        base.validateEvery = 0
        func tuner(seed: UInt64 = 1) throws -> Tuner {
            Tuner(
                corpus: corpus, splits: parts, space: try Self.space(#"{"learningRate": {"choice": [1e-7, 0.01]}}"#),
                base: base,
                trials: 4, rungs: 2, seed: seed)
        }
        let results = folder.file("results.jsonl")
        var fresh = 0
        let (outcomes, best) = try tuner().run(results: results) { _, isOld in fresh += isOld ? 0 : 1 }
        #expect(fresh == 5)
        #expect(outcomes.filter { $0.rung == 1 }.count == 1)
        #expect(best.learningRate == 0.01 && best.epochs == 3)
        // With half of the file, the search repeats the rest and gets the same results.
        let lines = try String(contentsOfFile: results, encoding: .utf8).split(separator: "\n")
        _ = try folder.write(lines.prefix(3).joined(separator: "\n"), to: "results.jsonl")
        fresh = 0
        let (again, sameBest) = try tuner().run(results: results) { _, isOld in fresh += isOld ? 0 : 1 }
        #expect(fresh == 2)
        #expect(sameBest == best)
        #expect(again.map(\.nll) == outcomes.map(\.nll))
        for seed in 2..<12 {
            let error = #expect(throws: TrainingError.self) {
                try tuner(seed: UInt64(seed)).run(results: results) { _, _ in }
            }
            #expect(error?.message.contains("belongs to another search") == true)
        }
    }
}
