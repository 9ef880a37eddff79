// SPDX-License-Identifier: GPL-3.0-or-later

import Model

/// A trained network whose predictions are part of another network's targets: knowledge distillation (Hinton, Vinyals and
/// Dean, "Distilling the knowledge in a neural network", 2015).
struct Teacher {
    let network: TrainingNetwork
    let inputTransforms: [InputTransform]

    /// Takes the network of a trainer that has finished, and gives it its averaged weights.
    init(_ trainer: Trainer) {
        (network, inputTransforms) = (trainer.network, trainer.batchBuilder.inputTransforms)
        (network.parameters, network.running) = trainer.result
    }

    /// Replaces a share of a network's targets by the mean of the teachers' probabilities for the same windows.
    static func mixTargets(of network: TrainingNetwork, with teachers: [Teacher], share: Float) {
        guard !teachers.isEmpty else { return }
        for teacher in teachers { teacher.network.forward(.inference) }
        let labels = network.shape.labels
        for window in 0..<network.batch {
            let target = network.targets.pointer + window * labels
            for label in 0..<labels { target[label] *= 1 - share }
            for teacher in teachers {
                let predicted = UnsafeMutableBufferPointer(
                    start: teacher.network.logits.pointer + window * labels, count: labels)
                softmax(predicted)
                for label in 0..<labels { target[label] += predicted[label] * share / Float(teachers.count) }
            }
        }
    }
}
