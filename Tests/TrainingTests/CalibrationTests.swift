// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model
import Testing

@testable import Training

struct CalibrationTests {
    /// A calibration set of clips with the given weights, each in a group of its own.
    private static func calibrationSet(
        _ clips: [ClipOutput], weights: [Double]? = nil, labels: Int, noMusic: Set<Int> = []
    ) -> CalibrationSet {
        CalibrationSet(
            clips.enumerated().map { CalibrationSet.Clip(output: $1, weight: weights?[$0] ?? 1, group: "\($0)") },
            labels: labels, noMusic: noMusic)
    }

    @Test func `the temperature makes confidence match accuracy`() {
        // Right three times in four, with a confidence of 149 in 150.
        func clips(_ logit: Float) -> [ClipOutput] {
            (0..<400).map { ClassificationMetricsTests.clip($0 % 4 == 0 ? 1 : 0, [[logit, 0], [logit, 0]]) }
        }
        let sure = Calibration(Self.calibrationSet(clips(5), labels: 2), offsets: false)
        #expect(abs(sure.temperature - 1 / 0.3) < 1e-5 && sure.offsets == [0, 0])
        let mild = Calibration(Self.calibrationSet(clips(2), labels: 2), offsets: false)
        #expect(abs(mild.temperature - 2 / log(3)) < 0.05)
        #expect(ClassificationMetrics(clips(2).map(mild.applied(to:)), labels: ["a", "b"]).windows.ece < 0.01)
    }

    /// Windows whose logits are the true ones minus offsets, times a factor.
    private static func clips(_ count: Int, seed: UInt64, without offsets: [Float], times factor: Float) -> [ClipOutput]
    {
        var generator = CounterGenerator(seed: seed, purpose: .sample)
        return (0..<count).map { _ in
            let row = offsets.map { _ in generator.normal() * 2 }
            let sum = row.reduce(0) { $0 + exp($1) }
            var draw = generator.uniform() * sum
            let label = row.indices.first { label in
                draw -= exp(row[label])
                return draw <= 0
            }
            return ClassificationMetricsTests.clip(
                label ?? row.count - 1, [zip(row, offsets).map { factor * ($0 - $1) }])
        }
    }

    @Test(arguments: 1...4) func `a fit finds the offsets and the temperature that logits were changed by`(seed: UInt64)
    {
        let clips = Self.clips(20_000, seed: seed, without: [0.8, -0.2, -0.6], times: 1.5)
        let fitted = Calibration(Self.calibrationSet(clips, labels: 3), offsets: true)
        #expect(abs(fitted.temperature - 1.5) < 0.1)
        #expect(fitted.offsets.count == 3)
        for (offset, expected) in zip(fitted.offsets, [1.2, -0.3, -0.9] as [Float]) {
            #expect(abs(offset - expected) < 0.12)
        }
        let applied = clips.map(fitted.applied(to:))
        let (before, after) = (
            ClassificationMetrics(clips, labels: ["a", "b", "c"]),
            ClassificationMetrics(applied, labels: ["a", "b", "c"])
        )
        #expect(after.windows.nll < before.windows.nll - 0.05 && after.windows.ece < 0.02)
        #expect(after.windows.accuracy > before.windows.accuracy)
    }

    @Test(arguments: 1...4) func `the likelihood's derivatives agree with finite differences`(seed: UInt64) {
        let clips = Self.clips(60, seed: seed, without: [0.5, -0.5, 0.2, 0], times: 1.3)
        let likelihood = CalibrationLikelihood(Self.calibrationSet(clips, labels: 4), offsetting: [0, 1, 2, 3])
        let point = [1.2, 0.3, -0.2, 0.4, -0.5]
        let (loss, gradient, hessian) = likelihood.derivatives(at: point)
        #expect(abs(loss - likelihood.loss(at: point)) < 1e-12)
        let step = 1e-5
        for parameter in point.indices {
            var (up, down) = (point, point)
            up[parameter] += step
            down[parameter] -= step
            let slope = (likelihood.loss(at: up) - likelihood.loss(at: down)) / (2 * step)
            #expect(abs(slope - gradient[parameter]) < 1e-8)
            let (above, below) = (likelihood.derivatives(at: up).gradient, likelihood.derivatives(at: down).gradient)
            for other in point.indices {
                let curvature = (above[other] - below[other]) / (2 * step)
                #expect(abs(curvature - hessian[parameter * 5 + other]) < 1e-8)
            }
        }
    }

    /// For every kind of data, offsets are no worse on the data they are fitted to than a temperature alone, and have mean 0.
    @Test(
        arguments: [
            ([0, 0, 0, 2], 1, 3), ([1, -1, 0, 0], 1, 3), ([1, -1, 0, 0], 1, nil), ([2, -2, 0, 0], 0.05, nil),
            ([2, -2, 0, 0], 0.05, 0), ([1, 0, 0, -3], -0.5, 3), ([0.5, 0, -0.5, 0], 30, nil),
        ] as [([Float], Float, Int?)])
    func `offsets do not worsen the likelihood of the data they are fitted to`(
        without: [Float], factor: Float, noMusic: Int?
    ) {
        let data = Self.calibrationSet(
            Self.clips(400, seed: 5, without: without, times: factor), labels: 4,
            noMusic: Set([noMusic].compactMap(\.self)))
        let plain = Calibration(data, offsets: false)
        let fitted = Calibration(data, offsets: true)
        #expect((0.3...3.34).contains(fitted.temperature) && (0.3...3.34).contains(plain.temperature))
        // The prior may cost a little.
        #expect(data.loss { _ in fitted } < data.loss { _ in plain } + 0.001)
        #expect(abs(fitted.offsets.reduce(0, +)) < 1e-4)
        if let noMusic { #expect(fitted.offsets[noMusic] == 0) }
    }

    @Test func `labels and clips that cannot be fitted get no offset`() {
        // Label 2 has no held-out tracks.
        let two = Calibration(
            Self.calibrationSet((0..<40).map { ClassificationMetricsTests.clip($0 % 2, [[1, 0, 3]]) }, labels: 3),
            offsets: true)
        #expect(two.offsets[2] == 0 && two.offsets[1] > 0.2 && abs(two.offsets[0] + two.offsets[1]) < 1e-5)
        // A single genre beside no-music cannot have an offset.
        let one = Self.calibrationSet(
            (0..<40).map { ClassificationMetricsTests.clip($0 % 2, [[1, 0]]) }, labels: 2, noMusic: [1])
        #expect(Calibration(one, offsets: true) == Calibration(one, offsets: false))
        #expect(Calibration(Self.calibrationSet([], labels: 3), offsets: true) == .none(labels: 3))
        let clip = ClassificationMetricsTests.clip(0, [[1, 0]])
        #expect(Calibration(Self.calibrationSet([clip], weights: [0], labels: 2), offsets: true) == .none(labels: 2))
        let broken = ClassificationMetricsTests.clip(0, [[.nan, .nan]])
        #expect(Calibration(Self.calibrationSet([broken, clip], labels: 2), offsets: true) == .none(labels: 2))
    }

    @Test func `clips count by their weights`() {
        // Label 1 is predicted as 0 in clips with weight, and 0 as 1 in clips without.
        let clips = (0..<40).map { ClassificationMetricsTests.clip($0 % 2, [[1, 0]]) }
        func offset(_ weight: Double) -> Float {
            let weights = (0..<40).map { $0 % 2 == 1 ? weight : 1 - weight }
            return Calibration(Self.calibrationSet(clips, weights: weights, labels: 2), offsets: true).offsets[1]
        }
        #expect(offset(0.9) > 0.5 && offset(0.1) < -0.1)
    }

    @Test func `few clips move offsets less than many`() {
        func offset(_ count: Int) -> Float {
            let clips = (0..<count).map { ClassificationMetricsTests.clip($0 % 4 == 0 ? 0 : 1, [[0, 0]]) }
            return Calibration(Self.calibrationSet(clips, labels: 2), offsets: true).offsets[1]
        }
        #expect(offset(4) < offset(40) - 0.02 && offset(40) < offset(4000) && abs(offset(4000) - log(3) / 2) < 0.01)
    }

    @Test func `a model with offsets adds them to its logits`() throws {
        let (corpus, _) = try TrainingTests.corpus(versions: 1)
        let trainer = try Trainer(
            corpus: corpus, split: DataSplit(training: Array(corpus.tracks.indices), heldOut: []),
            configuration: SyntheticGenres.configuration, seed: 4)
        let model = try trainer.model()
        let offsets = model.labels.indices.map { Float($0) * 0.3 - 1 }
        let calibrated = model.with(temperature: 1.7, offsets: offsets, card: [:])
        let features = corpus.tracks[0].features
        let (before, after) = (model.logits(of: features), calibrated.logits(of: features))
        #expect(!before.isEmpty && before.count == after.count)
        for (index, pair) in zip(before, after).enumerated() {
            #expect(abs(pair.1 - pair.0 - offsets[index % offsets.count]) < 1e-4)
        }
        #expect(calibrated.temperature == 1.7)
    }
}
