// SPDX-License-Identifier: GPL-3.0-or-later

import Model
import TestSupport
import Testing

@testable import Streaming

/// New settings for a running stream.
struct ReplacementTests {
    private let rate = 22_050
    private let music = StreamingClassifierTests().music

    /// Shapes with steps of 4 (like the shipped model), 8, 6 and 1, and one with 2-D blocks.
    private static let architectures = [
        Architecture(blocks: [.init(channels: 12, kernel: 3, pool: 2), .init(channels: 10, kernel: 3, pool: 2)]),
        Architecture(blocks: [.init(channels: 9, kernel: 5, pool: 4), .init(channels: 8, kernel: 2, pool: 2)]),
        Architecture(blocks: [.init(channels: 7, kernel: 1, pool: 3), .init(channels: 8, kernel: 4, pool: 2)]),
        Architecture(blocks: [.init(channels: 11, kernel: 3, pool: 1)]),
        smallBranchedArchitecture,
    ]

    /// Estimates of `samples` in random chunks. `change` is called once, after `place` samples.
    private func estimates(
        _ classifier: StreamingClassifier, _ samples: [Float], changeAt place: Int = .max,
        generator: inout SplitMix,
        change: (StreamingClassifier, (StreamingClassifier.Estimate) -> Void) throws -> Void = { _, _ in }
    ) rethrows -> (before: [Snapshot], after: [Snapshot]) {
        var (before, after): ([Snapshot], [Snapshot]) = ([], [])
        var start = 0
        while start < samples.count {
            if start == place { try change(classifier) { after.append(Snapshot($0)) } }
            let end = start < place ? min(place, samples.count) : samples.count
            let count = min(Int.random(in: 1...5000, using: &generator), end - start)
            classifier.process(samples.span.extracting(start..<start + count)) { estimate in
                if start < place { before.append(Snapshot(estimate)) } else { after.append(Snapshot(estimate)) }
            }
            start += count
        }
        return (before, after)
    }

    @Test(arguments: 0..<12)
    func `a new model continues as if it had processed the whole stream`(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        let samples = music(11, rate)
        let labels = ["blues", "jazz", "rock", GenreModel.noMusic]
        let names = seed % 3 == 0 ? labels : seed % 3 == 1 ? ["rock", "jazz", "no-music", "blues"] : ["pop", "jazz"]
        let old = try randomModel(
            architecture: Self.architectures.randomElement(using: &generator)!, labels: labels, seed: seed)
        let new = try randomModel(
            architecture: Self.architectures.randomElement(using: &generator)!, labels: names, seed: seed + 100)
        let place = Int.random(in: 1..<samples.count - rate, using: &generator)
        let heard = try estimates(
            StreamingClassifier(model: old, inputRate: rate), samples, changeAt: place, generator: &generator
        ) { classifier, publish in
            classifier.use(
                try .init(model: new, updateInterval: nil, estimator: EstimatorParameters()), publish)
        }
        let fresh = try estimates(
            StreamingClassifier(model: new, inputRate: rate), samples, generator: &generator
        ).before
        // Under other labels an estimate is published at once, before the first that is due.
        let due = new.labels == old.labels ? heard.after : Array(heard.after.dropFirst())
        let expected = Array(fresh.drop { $0.position <= heard.before.last?.position ?? 0 }.suffix(due.count))
        #expect(!due.isEmpty)
        #expect(due.map(\.position) == expected.map(\.position), "none is missing, none is early")
        #expect(
            (due.first?.position ?? 0) - (heard.before.last?.position ?? 0) < 2 * Double(new.architecture.step)
                * new.frontEnd.hopDuration + 0.5)
        for (estimate, other) in zip(due, expected) {
            #expect(estimate.level.isFinite && estimate.level > -60)
            #expect((estimate.windowProbabilities == nil) == (other.windowProbabilities == nil))
            for (one, another) in zip(estimate.windowProbabilities ?? [], other.windowProbabilities ?? []) {
                #expect(abs(one - another) < 1e-4)
            }
        }
        let isWhole = Double(place) / Double(rate) > 3.1
        for estimate in heard.after where isWhole {
            #expect(estimate.state != .starting)
            #expect(estimate.probabilities.count == new.labels.count)
            #expect(abs(estimate.probabilities.reduce(0, +) - 1) < 1e-4)
        }
    }

    @Test(arguments: [1, 20_000, 66_150, 100_003, 150_000])
    func `replacing settings by the same ones changes nothing`(place: Int) throws {
        var generator = SplitMix(state: UInt64(place))
        let samples = music(3, rate) + [Float](repeating: 0, count: 2 * rate) + music(5, rate)
        let model = try randomModel()
        func classifier() throws -> StreamingClassifier {
            try StreamingClassifier(model: model, inputRate: rate, updateInterval: 0.72)
        }
        let undisturbed = try estimates(classifier(), samples, generator: &generator).before
        let changed = try estimates(classifier(), samples, changeAt: place, generator: &generator) {
            classifier, publish in
            classifier.use(try .init(model: model, updateInterval: 0.72, estimator: EstimatorParameters()), publish)
        }
        #expect(changed.before + changed.after == undisturbed)
    }

    @Test(arguments: 0..<8)
    func `a network that need not change goes on, with the same results as one that was replaced`(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        let samples = music(9, rate)
        let model = try randomModel(seed: seed)
        let intervals = [nil, 0.24, 0.72, 0.12, 0.18]
        let (old, new) = (intervals.randomElement(using: &generator)!, intervals.randomElement(using: &generator)!)
        let place = Int.random(in: 1..<samples.count - rate, using: &generator)
        var slower = EstimatorParameters()
        slower.enter = 0.9
        func heard(after present: (model: GenreModel, updateInterval: Double?)?) throws -> [Snapshot] {
            var generator = generator
            let classifier = try StreamingClassifier(model: model, inputRate: rate, updateInterval: old)
            return try estimates(classifier, samples, changeAt: place, generator: &generator) { classifier, publish in
                classifier.use(
                    try .init(model: model, updateInterval: new, estimator: slower, after: present), publish)
            }.after
        }
        let (going, replaced) = (try heard(after: (model, old)), try heard(after: nil))
        #expect(!going.isEmpty && going.map(\.position) == replaced.map(\.position))
        for (one, other) in zip(going, replaced) {
            #expect(one.label == other.label && one.state == other.state)
            for (one, other) in zip(one.windowProbabilities ?? [], other.windowProbabilities ?? []) {
                #expect(abs(one - other) < 1e-5)
            }
        }
    }

    @Test func `a network is replaced if the model or the step differs, and not otherwise`() throws {
        let model = try randomModel()
        let twin = try randomModel()
        func isReplaced(_ new: GenreModel, _ interval: Double?) throws -> Bool {
            try StreamingClassifier.Replacement(
                model: new, updateInterval: interval, estimator: EstimatorParameters(), after: (model, 0.24)
            ).replacesNetwork
        }
        #expect(try !isReplaced(model, 0.24))
        #expect(try !isReplaced(model, 0.96), "every fourth window of the same network is published")
        #expect(try isReplaced(model, 0.12), "the network has another step")
        #expect(try isReplaced(twin, 0.24), "equal weights, but those of another file")
        let calibrated = model.with(temperature: 2, offsets: model.labels.map { _ in 0 }, card: [:])
        #expect(try isReplaced(calibrated, 0.24))
        #expect(try !isReplaced(model.forInference(), 0.24))
    }

    @Test func `a shorter update interval publishes the same more often`() throws {
        var generator = SplitMix(state: 4)
        let samples = music(9, rate)
        let model = try randomModel()
        let often = try estimates(
            StreamingClassifier(model: model, inputRate: rate), samples, generator: &generator
        ).before
        let changed = try estimates(
            StreamingClassifier(model: model, inputRate: rate, updateInterval: 0.96), samples, changeAt: 5 * rate,
            generator: &generator
        ) { classifier, publish in
            classifier.use(try .init(model: model, updateInterval: 0.24, estimator: EstimatorParameters()), publish)
            #expect(classifier.updateInterval == 0.24)
        }
        #expect(changed.after.map(\.probabilities) == often.suffix(changed.after.count).map(\.probabilities))
        #expect(changed.after.count >= 16)
        #expect(try #require(changed.after.first).position < 5.2)
    }

    @Test func `new estimator parameters continue from the filter's state`() throws {
        var generator = SplitMix(state: 9)
        let samples = music(9, rate)
        let model = try randomModel()
        var sharper = EstimatorParameters()
        (sharper.sharpness, sharper.enter, sharper.leave) = (3, 0.99, 0.98)
        let changed = try estimates(
            StreamingClassifier(model: model, inputRate: rate), samples, changeAt: 6 * rate, generator: &generator
        ) { classifier, publish in
            classifier.use(try .init(model: model, updateInterval: nil, estimator: sharper), publish)
        }
        let (last, first) = (try #require(changed.before.last), try #require(changed.after.first))
        #expect(abs(first.position - last.position - 0.24) < 1e-9)
        #expect(first.state != .starting)
        let best = try #require(last.probabilities.firstIndex(of: last.probabilities.max()!))
        #expect(
            first.probabilities[best] > last.probabilities[best],
            "the same posterior is now published with a sharpness of 3")
    }

    @Test func `silence stays silence under other labels`() throws {
        var generator = SplitMix(state: 2)
        let samples = music(4, rate) + [Float](repeating: 0, count: 6 * rate)
        let changed = try estimates(
            StreamingClassifier(model: randomModel(), inputRate: rate), samples, changeAt: 8 * rate,
            generator: &generator
        ) { classifier, publish in
            let other = try randomModel(labels: ["ska", "dub"], seed: 5)
            classifier.use(try .init(model: other, updateInterval: nil, estimator: EstimatorParameters()), publish)
        }
        #expect(changed.after.count >= 8)
        #expect(Set(changed.after.map(\.state)) == [.silence])
    }

    @Test func `a new silence level applies to past frames too`() throws {
        let samples = music(8, rate)
        var deaf = EstimatorParameters()
        deaf.silenceLevel = 0
        let windows = try WindowClassifier(model: randomModel(), inputRate: rate, silenceLevel: -60)
        windows.process(samples.span) { #expect($0.active > 0 && !$0.silent) }
        windows.use(RunningModel(model: try randomModel()), silenceLevel: deaf.silenceLevel)
        #expect(windows.active == 0)
        windows.use(RunningModel(model: try randomModel()), silenceLevel: -60)
        #expect(windows.active == 1)
    }
}
