import Foundation

/// A network that has been trained and tells another what it hears in the same windows (Hinton, Vinyals and Dean,
/// "Distilling the knowledge in a neural network", 2015).
struct Teacher {
    let network: TrainingNetwork
    let inputTransforms: [InputTransform]

    /// Of a trainer that has ended, whose network now has its averaged weights.
    init(_ trainer: Trainer) {
        (network, inputTransforms) = (trainer.network, trainer.maker.inputTransforms)
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
                let logits = teacher.network.logits.pointer + window * labels
                let largest = (1..<labels).reduce(logits[0]) { max($0, logits[$1]) }
                var sum: Float = 0
                for label in 0..<labels {
                    logits[label] = exp(logits[label] - largest)
                    sum += logits[label]
                }
                let scale = share / Float(teachers.count) / sum
                for label in 0..<labels { target[label] += logits[label] * scale }
            }
        }
    }
}
