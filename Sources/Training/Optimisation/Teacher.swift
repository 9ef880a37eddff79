// SPDX-License-Identifier: GPL-3.0-or-later

import Model

/// A network that has been trained and tells another what it hears in the same windows (Hinton, Vinyals and Dean,
/// "Distilling the knowledge in a neural network", 2015).
struct Teacher {
    let network: TrainingNetwork
    let inputTransforms: [InputTransform]

    /// Of a trainer that has ended, whose network now has its averaged weights.
    init(_ trainer: Trainer) {
        (network, inputTransforms) = (trainer.network, trainer.batchBuilder.inputTransforms)
        (network.parameters, network.running) = trainer.result
    }

    /// Puts the mean of what the teachers say of their windows in place of a share of a network's targets.
    static func teach(_ network: TrainingNetwork, by teachers: [Teacher], share: Float) {
        guard !teachers.isEmpty else { return }
        for teacher in teachers { teacher.network.forward(.inference) }
        let labels = network.shape.labels
        for window in 0..<network.batch {
            let target = network.targets.pointer + window * labels
            for label in 0..<labels { target[label] *= 1 - share }
            for teacher in teachers {
                let said = UnsafeMutableBufferPointer(
                    start: teacher.network.logits.pointer + window * labels, count: labels)
                softmax(said)
                for label in 0..<labels { target[label] += said[label] * share / Float(teachers.count) }
            }
        }
    }
}
