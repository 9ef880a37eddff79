// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// Fills a network's input and targets with training windows: draws, augments, mixes in pairs, transforms and standardises
/// them.
final class BatchBuilder {
    /// One for each branch.
    let inputTransforms: [InputTransform]

    private let augmenter: Augmenter
    private let styleMixer: StyleMixer
    private let configuration: TrainingConfiguration
    private let seed: UInt64
    private let labels: Int
    private let workers: Workers
    private let frontEnd = FrontEnd.version1
    /// [batch, frames, bands]: the drawn windows, and the mixed ones.
    private let drawn: OwnedBuffer<Float>
    private let mixed: OwnedBuffer<Float>
    /// [batch, labels]: what each drawn window is taught, before mixing and smoothing.
    private let drawnTargets: OwnedBuffer<Float>

    /// Number of windows for measuring mean and deviation.
    private static let measuredWindows = 1024

    init(
        corpus: Corpus, split: DataSplit, configuration: TrainingConfiguration, seed: UInt64, workers: Workers
    ) throws(TrainingError) {
        let sampler = WindowSampler(
            corpus: corpus, training: split.training, unlabelled: corpus.unlabelled(for: split),
            configuration: configuration.sampling, unlabelledShare: configuration.targets.unlabelledShare)
        guard !sampler.genres.isEmpty || !sampler.unlabelled.tracks.isEmpty else {
            throw TrainingError(.badParameter, "there is no music to train on: every track is held out or has weight 0")
        }
        augmenter = Augmenter(corpus: corpus, sampler: sampler, configuration: configuration.augmentation)
        styleMixer = StyleMixer(batch: configuration.batch, chance: configuration.augmentation.styleChance)
        self.configuration = configuration
        self.seed = seed
        self.workers = workers
        labels = corpus.labels.count
        let window = frontEnd.windowFrames * frontEnd.melBands
        drawn = OwnedBuffer(repeating: 0, count: configuration.batch * window)
        mixed = OwnedBuffer(repeating: 0, count: configuration.batch * window)
        drawnTargets = OwnedBuffer(repeating: 0, count: configuration.batch * labels)
        inputTransforms = Self.measure(
            augmenter,
            configuration.architecture.branches.map {
                InputTransform(ignoringTopBands: configuration.ignoredTopBands, bands: $0.bands)
            },
            seed: seed, workers: workers)
    }

    /// Bytes of memory for a batch's windows.
    static func bytes(batch: Int) -> Int {
        let frontEnd = FrontEnd.version1
        return 4 * 2 * batch * frontEnd.windowFrames * frontEnd.melBands
    }

    /// Measures the mean and deviation of each transform's output over augmented windows.
    private static func measure(
        _ augmenter: Augmenter, _ transforms: [InputTransform], seed: UInt64, workers: Workers
    ) -> [InputTransform] {
        let frames = FrontEnd.version1.windowFrames
        let bands = FrontEnd.version1.melBands
        let windows = OwnedBuffer<Float>(repeating: 0, count: measuredWindows * frames * bands)
        workers.forEach(measuredWindows) { index, _ in
            var generator = CounterGenerator(seed: seed, index: index, purpose: .standardisation)
            let window = windows.pointer + index * frames * bands
            _ = augmenter.prepare(index: index, &generator, into: window)
            augmenter.mask(window, &generator)
        }
        return transforms.map { transform in
            let outputs = OwnedBuffer<Float>(repeating: 0, count: measuredWindows * frames * transform.outputs)
            workers.forEach(measuredWindows) { index, _ in
                transform.apply(
                    windows.pointer + index * frames * bands, frames: frames,
                    into: outputs.pointer + index * frames * transform.outputs)
            }
            return transform.standardizing(UnsafeBufferPointer(start: outputs.pointer, count: outputs.count))
        }
    }

    /// Prepares the batch of a step, for the network and its teachers.
    func fill(_ network: TrainingNetwork, teachers: [Teacher] = [], step: Int) {
        let batch = configuration.batch
        let window = frontEnd.windowFrames * frontEnd.melBands
        workers.forEach(batch) { index, _ in
            var generator = CounterGenerator(seed: seed, step: step, index: index, purpose: .sample)
            let target = drawn.pointer + index * window
            teach(augmenter.prepare(index: index, &generator, into: target), index)
            styleMixer.measure(target, index: index)
        }
        var others = CounterGenerator(seed: seed, step: step, purpose: .partners)
        let stylePartners = Array(0..<batch).shuffled(using: &others)
        workers.forEach(batch) { index, _ in
            var generator = CounterGenerator(seed: seed, step: step, index: index, purpose: .style)
            let target = drawn.pointer + index * window
            styleMixer.mix(target, index: index, with: stylePartners[index], &generator)
            augmenter.mask(target, &generator)
        }
        var generator = CounterGenerator(seed: seed, step: step, purpose: .mixup)
        let partners = Array(0..<batch).shuffled(using: &generator)
        let shares: [Float] = (0..<batch).map { _ in
            // With a smaller parameter, all shares round to 0 or 1.
            guard configuration.mixup >= 0.01 else { return 1 }
            let share = generator.beta(Float(configuration.mixup))
            return max(share, 1 - share)
        }
        let smoothing = Float(configuration.labelSmoothing)
        workers.forEach(batch) { index, _ in
            let (partner, share) = (partners[index], shares[index])
            let target = mixed.pointer + index * window
            let (a, b) = (drawn.pointer + index * window, drawn.pointer + partner * window)
            for place in 0..<window { target[place] = b[place] + share * (a[place] - b[place]) }
            network.setInput(target, window: index, through: inputTransforms)
            for teacher in teachers {
                teacher.network.setInput(target, window: index, through: teacher.inputTransforms)
            }
            let windowTargets = network.targets.pointer + index * labels
            let (own, other) = (drawnTargets.pointer + index * labels, drawnTargets.pointer + partner * labels)
            for label in 0..<labels {
                windowTargets[label] = smoothing / Float(labels)
                windowTargets[label] += own[label] * (share * (1 - smoothing))
                windowTargets[label] += other[label] * ((1 - share) * (1 - smoothing))
            }
        }
    }

    /// Writes what a drawn window is taught: its label, its targets, or some of both.
    private func teach(_ window: Augmenter.Window, _ index: Int) {
        let output = drawnTargets.pointer + index * labels
        if let targets = window.targets {
            targets.write(start: window.start, length: window.length, configuration.targets, to: output)
        } else {
            output.update(repeating: 0, count: labels)
        }
        if let label = window.label {
            let share = window.targets == nil ? 0 : Float(configuration.targets.share)
            for place in 0..<labels { output[place] *= share }
            output[label] += 1 - share
        }
        if let speech = window.speech {
            for place in 0..<labels { output[place] *= 1 - speech.share }
            output[speech.label] += speech.share
        }
    }
}

extension TrainingNetwork {
    /// Writes a window of normalised log-mel frames, [frames, melBands], to the branches' inputs.
    fileprivate func setInput(_ frames: UnsafePointer<Float>, window: Int, through transforms: [InputTransform]) {
        for (branch, transform) in zip(branches, transforms) {
            transform.apply(
                frames, frames: shape.frames,
                into: branch.input.baseAddress! + window * shape.frames * branch.shape.inputs)
        }
    }
}
