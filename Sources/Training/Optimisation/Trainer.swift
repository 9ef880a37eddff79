// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// One training run: trains a network on the training tracks of a split and averages its weights.
package final class Trainer {
    /// The results of an epoch.
    package struct Epoch: Codable, Sendable, Equatable {
        /// Number of the epoch, from 1.
        package var epoch: Int
        /// Mean over the epoch's steps. Targets are smoothed and mixed, so it never gets near 0.
        package var loss: Double
        package var accuracy: Double
        package var rate: Double
        /// Evaluation of the averaged weights on the held-out tracks, after epochs that end with one.
        package var validation: Validation?
    }

    package struct Validation: Codable, Sendable, Equatable {
        package var windowAccuracy: Double
        package var clipAccuracy: Double
        package var nll: Double
    }

    package struct Progress: Sendable {
        package var epoch: Epoch
        package var epochs: Int
        /// Seconds since this process started training, and estimated seconds until the end.
        package var elapsed: Double
        package var remaining: Double
        package var windowsPerSecond: Double
    }

    package let corpus: Corpus
    package let split: DataSplit
    package let configuration: TrainingConfiguration
    package let seed: UInt64
    package internal(set) var history: [Epoch] = []

    let workers: Workers
    let network: TrainingNetwork
    let batchBuilder: BatchBuilder
    let teachers: [Teacher]
    var optimizer: Optimizer
    var step = 0
    /// The averaged weights with the best validation so far; nil unless training can stop early.
    var best: (nll: Double, average: [Float], running: RunningStatistics)?
    var validationsSinceBest = 0

    /// - Parameter teachers: trainers that have finished, one for each teacher in the configuration.
    package init(
        corpus: Corpus, split: DataSplit, configuration: TrainingConfiguration, seed: UInt64,
        teachers: [Trainer] = [], workers: Workers = Workers()
    ) throws(TrainingError) {
        if let problem = configuration.problem { throw TrainingError(.badParameter, problem) }
        precondition(teachers.count == configuration.teachers.count, "each teacher must be trained before its student")
        self.teachers = teachers.map(Teacher.init)
        self.corpus = corpus
        self.split = split
        self.configuration = configuration
        self.seed = seed
        self.workers = workers
        let shape = Self.shape(configuration, labels: corpus.labels.count)
        network = TrainingNetwork(shape: shape, batch: configuration.batch, workers: workers, seed: seed)
        batchBuilder = try BatchBuilder(
            corpus: corpus, split: split, configuration: configuration, seed: seed, workers: workers)
        optimizer = Optimizer(shape: shape, parameters: network.parameters, running: network.running)
        // An impossible model is reported now, and not after hours of training.
        _ = try model()
    }

    private static func shape(_ configuration: TrainingConfiguration, labels: Int) -> NetworkShape {
        NetworkShape(
            architecture: configuration.architecture, coefficients: FrontEnd.version1.coefficients,
            frames: FrontEnd.version1.windowFrames, labels: labels)
    }

    /// Bytes of memory that training needs, without the corpus.
    static func bytes(_ configuration: TrainingConfiguration, labels: Int) -> Int {
        TrainingNetwork.bytes(shape(configuration, labels: labels), batch: configuration.batch)
            + BatchBuilder.bytes(batch: configuration.batch)
    }

    /// Whether training has ended, after all epochs or by an early stop.
    package var isFinished: Bool {
        history.count >= configuration.epochs
            || configuration.patience > 0 && validationsSinceBest >= configuration.patience
    }

    /// Trains a few steps and returns the seconds of one. The first steps, which also touch their memory for the first
    /// time, are not measured.
    func pace() -> Double {
        let (warmUp, measured) = (2, 4)
        for _ in 0..<warmUp { _ = trainStep(rate: 0) }
        let start = ContinuousClock.now
        for _ in 0..<measured { _ = trainStep(rate: 0) }
        return (ContinuousClock.now - start) / .seconds(1) / Double(measured)
    }

    /// Trains to the end.
    ///
    /// - Parameters:
    ///   - checkpoint: path of the file that gets the state after every epoch; nil writes none.
    ///   - onEpoch: called after each epoch; returning false stops training.
    package func run(
        checkpoint: String?, _ onEpoch: (Progress) -> Bool
    ) throws(TrainingError) {
        let clock = ContinuousClock()
        let start = clock.now
        let first = step
        while !isFinished {
            var (loss, hits) = (0.0, 0)
            var rate = 0.0
            for _ in 0..<configuration.stepsPerEpoch {
                rate = configuration.rate(step: step)
                let result = trainStep(rate: rate)
                loss += result.loss
                hits += result.hits
            }
            let count = Double(configuration.stepsPerEpoch)
            guard loss.isFinite else {
                throw TrainingError(
                    .diverged,
                    "training diverged: the loss is not a number after \(step) steps; lower learningRate in the configuration"
                )
            }
            var epoch = Epoch(
                epoch: history.count + 1, loss: loss / count,
                accuracy: Double(hits) / count / Double(configuration.batch),
                rate: rate)
            let isLast = epoch.epoch == configuration.epochs
            let isDue = configuration.validateEvery > 0 && epoch.epoch % configuration.validateEvery == 0
            if !split.heldOut.isEmpty && (isLast || isDue) { epoch.validation = try validate() }
            history.append(epoch)
            if let checkpoint { try saveCheckpoint(checkpoint) }
            let elapsed = (clock.now - start) / .seconds(1)
            let pace = elapsed / Double(step - first)
            let progress = Progress(
                epoch: epoch, epochs: configuration.epochs, elapsed: elapsed,
                remaining: pace * Double(configuration.steps - step),
                windowsPerSecond: Double(configuration.batch) / pace)
            if !onEpoch(progress) { return }
        }
    }

    private func trainStep(rate: Double) -> (loss: Double, hits: Int) {
        batchBuilder.fill(network, teachers: teachers, step: step)
        Teacher.mixTargets(of: network, with: teachers, share: Float(configuration.teacherShare))
        network.forward(.training(seed: seed, step: step, dropout: Float(configuration.dropout)))
        let result = network.backward()
        optimizer.update(network, step: step, rate: rate, configuration: configuration)
        step += 1
        return result
    }

    private func validate() throws(TrainingError) -> Validation {
        let model = try model(optimizer.average, optimizer.averageRunning)
        let metrics = ClassificationMetrics(
            model.outputs(of: split.heldOut, in: corpus, workers: workers), labels: corpus.labels, temperature: 1)
        if configuration.patience > 0 {
            if best.map({ metrics.windows.nll < $0.nll }) ?? true {
                best = (metrics.windows.nll, optimizer.average, optimizer.averageRunning)
                validationsSinceBest = 0
            } else {
                validationsSinceBest += 1
            }
        }
        return Validation(
            windowAccuracy: metrics.windows.accuracy, clipAccuracy: metrics.clips.accuracy, nll: metrics.windows.nll)
    }

    /// The model of the current weights, with temperature 1 and without a card: the averaged weights, or those of the best
    /// validation if training can stop early.
    package func model() throws(TrainingError) -> GenreModel {
        let (parameters, running) = result
        return try model(parameters, running)
    }

    /// The averaged weights, or those of the best validation.
    var result: (parameters: [Float], running: RunningStatistics) {
        best.map { ($0.average, $0.running) } ?? (optimizer.average, optimizer.averageRunning)
    }

    private func model(_ parameters: [Float], _ running: RunningStatistics) throws(TrainingError) -> GenreModel {
        do {
            return try GenreModel(
                architecture: configuration.architecture, labels: corpus.labels, noMusic: corpus.noMusicNames,
                temperature: 1, card: [:],
                tensors: network.shape.tensors(
                    parameters: parameters, running: running, inputTransforms: batchBuilder.inputTransforms))
        } catch {
            throw TrainingError(.badParameter, "this is not a valid model: \(error.message)")
        }
    }
}
