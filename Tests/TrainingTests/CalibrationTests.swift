import Foundation
import Model
import Testing

@testable import Training

struct CalibrationTests {
    @Test func theTemperatureMakesConfidenceTrue() {
        // Right in three of four, but sure as one in a hundred and fifty.
        func clips(_ logit: Float) -> [ClipOutput] {
            (0..<40).map { FiguresTests.clip($0 % 4 == 0 ? 1 : 0, [[logit, 0], [logit, 0]]) }
        }
        let weights = [Double](repeating: 1, count: 40)
        let sure = Calibration(clips(5), weights: weights, labels: 2, offsetting: [])
        #expect(abs(sure.temperature - 3.3) < 0.1 && sure.offsets == [0, 0])
        let mild = Calibration(clips(2), weights: weights, labels: 2, offsetting: [])
        #expect(abs(mild.temperature - 2 / log(3)) < 0.05)
        #expect(Figures(clips(2).map(mild.applied(to:)), labels: ["a", "b"]).windows.ece < 0.01)
    }

    /// Windows of three labels whose logits are those of the truth, but for what is added to them and divided by.
    private static func clips(_ count: Int, seed: UInt64, adding offsets: [Float], times factor: Float) -> [ClipOutput]
    {
        var generator = CounterGenerator(seed: seed, purpose: .sample)
        return (0..<count).map { _ in
            let row = (0..<3).map { _ in generator.normal() * 2 }
            let sum = row.reduce(0) { $0 + exp($1) }
            var draw = generator.uniform() * sum
            let label = row.indices.first { label in
                draw -= exp(row[label])
                return draw <= 0
            }
            return FiguresTests.clip(label ?? 2, [zip(row, offsets).map { factor * ($0 - $1) }])
        }
    }

    @Test(arguments: 1...4) func whatWasDoneToTheLogitsIsFound(seed: UInt64) {
        let clips = Self.clips(20_000, seed: seed, adding: [0.8, -0.2, -0.6], times: 1.5)
        let fitted = Calibration(
            clips, weights: [Double](repeating: 1, count: clips.count), labels: 3, offsetting: [0, 1, 2])
        #expect(abs(fitted.temperature - 1.5) < 0.1)
        for (offset, expected) in zip(fitted.offsets, [1.2, -0.3, -0.9] as [Float]) {
            #expect(abs(offset - expected) < 0.12)
        }
        let applied = clips.map(fitted.applied(to:))
        let (before, after) = (
            Figures(clips, labels: ["a", "b", "c"]), Figures(applied, labels: ["a", "b", "c"])
        )
        #expect(after.windows.nll < before.windows.nll - 0.05 && after.windows.ece < 0.02)
        #expect(after.windows.accuracy > before.windows.accuracy)
    }

    @Test func aLabelOfWhichNothingWasHeldOutKeepsItsLogits() {
        let clips = (0..<40).map { FiguresTests.clip($0 % 2, [[1, 0, 3]]) }
        let fitted = Calibration(clips, weights: [Double](repeating: 1, count: 40), labels: 3, offsetting: [0, 1, 2])
        #expect(fitted.offsets[2] == 0 && fitted.temperature.isFinite)
        let nothing = Calibration([], weights: [], labels: 3, offsetting: [0, 1, 2])
        #expect(nothing == .none(labels: 3))
    }

    @Test func howMuchIsMusicIsLeftToTheNetwork() {
        // Label 2, which is no-music, is always called 0, and 0 and 1 are confused.
        let clips = (0..<60).map { FiguresTests.clip($0 % 3, [[$0 % 2 == 0 ? 1 : 0.5, 0, 0]]) }
        let fitted = Calibration(
            clips, weights: [Double](repeating: 1, count: 60), labels: 3, offsetting: [0, 1])
        #expect(fitted.offsets[2] == 0 && fitted.offsets[1] > 0.1)
        #expect(abs(fitted.offsets[0] + fitted.offsets[1]) < 1e-6)
    }

    @Test func weightsSayWhatCounts() {
        // Label 1 is called 0 where it counts, and the other way round where it does not.
        let clips = [FiguresTests.clip(1, [[1, 0]]), FiguresTests.clip(0, [[1, 0]])]
        let one = Calibration(clips, weights: [9, 1], labels: 2, offsetting: [0, 1])
        let other = Calibration(clips, weights: [1, 9], labels: 2, offsetting: [0, 1])
        #expect(one.applied(to: clips[0]).logits[1] > one.applied(to: clips[0]).logits[0])
        #expect(other.applied(to: clips[0]).logits[1] < other.applied(to: clips[0]).logits[0])
    }

    /// What a network might say of tracks: the logits of a window are drawn, those of one label raised.
    private static func outputs(
        of tracks: [Int], in corpus: Corpus, seed: UInt64, raised: Int, by amount: Float = 2
    ) -> [ClipOutput] {
        var generator = CounterGenerator(seed: seed, purpose: .sample)
        return tracks.map { index in
            let track = corpus.tracks[index]
            var logits = (0..<(8 * corpus.labels.count)).map { _ in generator.normal() }
            for window in 0..<8 {
                logits[window * corpus.labels.count + track.label] += 2
                logits[window * corpus.labels.count + raised] += amount
            }
            return ClipOutput(
                name: track.name, label: track.label, store: 0, labels: corpus.labels.count, logits: logits)
        }
    }

    @Test func nothingJudgesWhatWasFittedToIt() throws {
        let (corpus, _) = try TrainingTests.corpus()
        let all = Array(corpus.tracks.indices)
        let judge = all.filter { $0 % 4 == 3 }
        let folds = (0..<3).map { fold in all.filter { $0 % 4 == fold } + judge }
        let sampling = SamplingConfiguration()
        let parts = folds.enumerated().map { Self.outputs(of: $1, in: corpus, seed: UInt64($0), raised: 0) }
        let fitted = CrossCalibration(parts, of: corpus, sampling: sampling)
        #expect(fitted.whole.offsets[0] < fitted.whole.offsets[1] - 0.5)
        // Another network in the first fold changes every calibration but the first fold's own.
        var changed = parts
        changed[0] = Self.outputs(of: folds[0], in: corpus, seed: 9, raised: 1)
        let other = CrossCalibration(changed, of: corpus, sampling: sampling)
        #expect(other.parts[0] == fitted.parts[0])
        #expect(other.parts[1] != fitted.parts[1] && other.parts[2] != fitted.parts[2])
        #expect(other.whole != fitted.whole)
        // What all of them hold out judges only.
        changed = folds.indices.map { fold in
            parts[fold].filter { output in !judge.contains { corpus.tracks[$0].name == output.name } }
                + Self.outputs(of: judge, in: corpus, seed: 20 + UInt64(fold), raised: 2, by: 5)
        }
        let judged = CrossCalibration(changed, of: corpus, sampling: sampling)
        #expect(judged.whole == fitted.whole && judged.parts == fitted.parts)
    }

    @Test func oneNetworkGetsATemperatureAndNoOffsets() throws {
        let (corpus, _) = try TrainingTests.corpus()
        let outputs = Self.outputs(of: Array(corpus.tracks.indices), in: corpus, seed: 1, raised: 0)
        let one = CrossCalibration([outputs], of: corpus, sampling: SamplingConfiguration())
        #expect(one.parts == [one.whole] && one.whole.temperature != 1)
        #expect(one.whole.offsets.allSatisfy { $0 == 0 })
        #expect(
            CrossCalibration([], of: corpus, sampling: SamplingConfiguration()).whole
                == .none(labels: corpus.labels.count))
    }

    @Test func aModelWithOffsetsSaysWhatWasFitted() throws {
        let (corpus, _) = try TrainingTests.corpus(versions: 1)
        let trainer = try Trainer(
            corpus: corpus, training: Array(corpus.tracks.indices), held: [],
            configuration: SyntheticGenres.configuration, seed: 4)
        let model = try trainer.model(temperature: 1, card: [:])
        let offsets = model.labels.indices.map { Float($0) * 0.3 - 1 }
        let calibrated = model.with(temperature: 1.7, offsets: offsets, card: [:])
        let features = corpus.tracks[0].features
        let (before, after) = (model.logits(of: features), calibrated.logits(of: features))
        #expect(!before.isEmpty)
        for (index, pair) in zip(before, after).enumerated() {
            #expect(abs(pair.1 - pair.0 - offsets[index % offsets.count]) < 1e-4)
        }
        #expect(calibrated.temperature == 1.7)
    }
}
