// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

extension Trainer {
    /// The metadata of a checkpoint, beside its tensors.
    private struct State: Codable {
        var step: Int
        var seed: UInt64
        var configuration: TrainingConfiguration
        var labels: [String]
        /// A hash of the training and held-out tracks.
        var data: String
        var history: [Epoch]
        var bestNLL: Double?
        var validationsSinceBest: Int
    }

    private static let format = "genred-checkpoint"
    /// Largest size in bytes: a checkpoint has up to eight tensors as large as the largest model in single precision.
    private static let largestCheckpoint = 1 << 30

    private var dataHash: String { corpus.fingerprint(split).text }

    /// Writes everything that is needed to continue training, so that a resumed run gives the same bytes as one without a
    /// pause.
    func saveCheckpoint(_ path: String) throws(TrainingError) {
        let state = State(
            step: step, seed: seed, configuration: configuration, labels: corpus.labels, data: dataHash,
            history: history, bestNLL: best?.nll, validationsSinceBest: validationsSinceBest)
        func tensor(_ values: [Float]) -> SafeTensors.Tensor {
            SafeTensors.Tensor(shape: [values.count], values: values)
        }
        var tensors = [
            "parameters": tensor(network.parameters), "running": tensor(network.running.values),
            "first_moment": tensor(optimizer.firstMoment), "second_moment": tensor(optimizer.secondMoment),
            "average": tensor(optimizer.average), "average_running": tensor(optimizer.averageRunning.values),
        ]
        if let best {
            tensors["best_average"] = tensor(best.average)
            tensors["best_running"] = tensor(best.running.values)
        }
        do {
            let file = SafeTensors(
                metadata: ["format": Self.format, "state": try JSON.text(state)], tensors: tensors)
            try writeFile(file.serialized(halfPrecision: false), to: path)
        } catch let error as TrainingError {
            throw error
        } catch {
            throw TrainingError(.cannotWrite, "cannot write the checkpoint '\(path)': \(error)")
        }
    }

    /// Continues a run from a checkpoint, which must have the same data, configuration and seed.
    package func resume(from path: String) throws(TrainingError) {
        func refused(_ reason: String) -> TrainingError {
            TrainingError(.badParameter, "cannot resume from '\(path)': \(reason); delete it to start anew")
        }
        let file: SafeTensors
        do {
            file = try SafeTensors(contentsOf: path, limit: Self.largestCheckpoint)
        } catch  where error.code == .cannotRead {
            throw TrainingError(
                .cannotRead, "cannot read the checkpoint: \(error.message)", call: error.call, errno: error.errno)
        } catch {
            throw refused(error.message)
        }
        guard file.metadata["format"] == Self.format, let json = file.metadata["state"],
            let state = try? JSON.decode(State.self, from: Array(json.utf8))
        else { throw refused("it is not a checkpoint of this program") }
        guard state.seed == seed else { throw refused("it was started with another --seed") }
        guard state.configuration == configuration else { throw refused("it was started with another configuration") }
        guard state.labels == corpus.labels, state.data == dataHash else {
            throw refused("it was started on other tracks or with another split of them")
        }
        guard state.step == state.history.count * configuration.stepsPerEpoch,
            state.history.count <= configuration.epochs
        else { throw refused("its step and its history contradict each other") }
        func values(_ name: String, _ count: Int) throws(TrainingError) -> [Float] {
            guard let values = file.tensors[name]?.values, values.count == count, values.allSatisfy(\.isFinite)
            else {
                throw refused("its tensor '\(name)' is missing, has another size, or holds numbers that are not finite")
            }
            return values
        }
        let (count, runningCount) = (network.shape.count, network.running.values.count)
        network.parameters = try values("parameters", count)
        network.running.values = try values("running", runningCount)
        optimizer.firstMoment = try values("first_moment", count)
        optimizer.secondMoment = try values("second_moment", count)
        optimizer.average = try values("average", count)
        optimizer.averageRunning.values = try values("average_running", runningCount)
        if let nll = state.bestNLL {
            var running = network.running
            running.values = try values("best_running", runningCount)
            best = (nll, try values("best_average", count), running)
        }
        validationsSinceBest = state.validationsSinceBest
        step = state.step
        history = state.history
    }
}
