// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model
import Testing

@testable import Training

struct CrossCalibrationTests {
    private static let sampling = SamplingConfiguration()

    /// Random outputs of a network for tracks, with the logits of one label raised.
    private static func part(
        _ tracks: [Int], in corpus: Corpus, seed: UInt64, raised: Int, by amount: Float = 2,
        trainedLabels: Set<Int> = [0, 1, 2]
    ) -> CrossCalibration.Fold {
        var generator = CounterGenerator(seed: seed, purpose: .sample)
        let labels = corpus.labels.count
        let outputs = tracks.map { index in
            let track = corpus.tracks[index]
            var logits = (0..<(8 * labels)).map { _ in generator.normal() }
            for window in 0..<8 {
                if trainedLabels.contains(track.label) { logits[window * labels + track.label] += 2 }
                logits[window * labels + raised] += amount
            }
            return ClipOutput(name: track.name, label: track.label, store: 0, labels: labels, logits: logits)
        }
        return CrossCalibration.Fold(outputs: outputs, trainedLabels: trainedLabels)
    }

    @Test func `no fold is evaluated on the data that its calibration was fitted to`() throws {
        let (corpus, _) = try TrainingTests.corpus()
        let all = Array(corpus.tracks.indices)
        let shared = all.filter { $0 % 4 == 3 }
        let folds = (0..<3).map { fold in all.filter { $0 % 4 == fold } + shared }
        let parts = folds.enumerated().map { Self.part($1, in: corpus, seed: UInt64($0), raised: 0) }
        let fitted = CrossCalibration(parts, of: corpus, sampling: Self.sampling)
        #expect(fitted.whole.offsets[0] < fitted.whole.offsets[1] - 0.5)
        // Another network in the first fold changes all calibrations except the first fold's.
        var changed = parts
        changed[0] = Self.part(folds[0], in: corpus, seed: 9, raised: 0, by: 3)
        let other = CrossCalibration(changed, of: corpus, sampling: Self.sampling)
        #expect(other.folds[0] == fitted.folds[0])
        #expect(other.folds[1] != fitted.folds[1] && other.folds[2] != fitted.folds[2])
        #expect(other.whole != fitted.whole)
        // Tracks that all folds hold out are only for evaluation.
        let names = Set(shared.map { corpus.tracks[$0].name })
        changed = parts.enumerated().map { fold, part in
            var part = part
            part.outputs.removeAll { names.contains($0.name) }
            part.outputs += Self.part(shared, in: corpus, seed: 20 + UInt64(fold), raised: 2, by: 5).outputs
            return part
        }
        let evaluated = CrossCalibration(changed, of: corpus, sampling: Self.sampling)
        #expect(evaluated.whole == fitted.whole && evaluated.folds == fitted.folds)
    }

    @Test func `a fold that lacks a label contributes nothing to the calibration of others`() throws {
        let (corpus, _) = try TrainingTests.corpus()
        let all = Array(corpus.tracks.indices)
        // The first fold holds out all of label 0, the others halves of the rest.
        let folds = [
            all.filter { corpus.tracks[$0].label == 0 }, all.filter { corpus.tracks[$0].label > 0 && $0 % 2 == 0 },
            all.filter { corpus.tracks[$0].label > 0 && $0 % 2 == 1 },
        ]
        let parts = folds.enumerated().map { fold, tracks in
            Self.part(tracks, in: corpus, seed: 3, raised: 1, by: 1, trainedLabels: fold == 0 ? [1, 2] : [0, 1, 2])
        }
        let fitted = CrossCalibration(parts, of: corpus, sampling: Self.sampling)
        let without = CrossCalibration(Array(parts.dropFirst()), of: corpus, sampling: Self.sampling)
        #expect(fitted.whole == without.whole && fitted.whole.offsets[0] == 0)
        let part = DataSplit(training: folds[1] + folds[2], heldOut: folds[0])
        #expect(DataSplit.unseenLabels(of: [part], in: corpus) == [corpus.labels[0]])
        // A single network: labels that it was not trained on do not affect its temperature.
        let known = Self.part(folds[1], in: corpus, seed: 3, raised: 1, trainedLabels: [1, 2])
        var one = known
        one.outputs += Self.part(folds[0], in: corpus, seed: 4, raised: 1, trainedLabels: [1, 2]).outputs
        #expect(
            CrossCalibration([one], of: corpus, sampling: Self.sampling).whole
                == CrossCalibration([known], of: corpus, sampling: Self.sampling).whole)
    }

    @Test func `offsets that do not improve the folds are not used`() throws {
        let (corpus, _) = try TrainingTests.corpus()
        let all = Array(corpus.tracks.indices)
        let parts = (0..<3).map { fold in
            // Each network makes different errors.
            Self.part(all.filter { $0 % 3 == fold }, in: corpus, seed: UInt64(fold), raised: fold)
        }
        let fitted = CrossCalibration(parts, of: corpus, sampling: Self.sampling)
        #expect(fitted.folds.count == 3)
        for calibration in fitted.folds + [fitted.whole] { #expect(calibration.offsets.allSatisfy { $0 == 0 }) }
    }

    @Test func `a single network gets a temperature and no offsets`() throws {
        let (corpus, _) = try TrainingTests.corpus()
        let part = Self.part(Array(corpus.tracks.indices), in: corpus, seed: 1, raised: 0)
        let one = CrossCalibration([part], of: corpus, sampling: Self.sampling)
        #expect(one.folds == [one.whole] && one.whole.temperature != 1)
        #expect(one.whole.offsets.allSatisfy { $0 == 0 })
        #expect(
            CrossCalibration([], of: corpus, sampling: Self.sampling).whole == .none(labels: corpus.labels.count))
    }
}
