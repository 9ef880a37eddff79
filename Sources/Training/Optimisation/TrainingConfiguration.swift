// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// The settings of a training run, except for data, seed and output path.
///
/// Stored as JSON: an absent key keeps its default, and an unknown key is an error.
package struct TrainingConfiguration: Codable, Sendable, Equatable {
    package var architecture = Architecture(blocks: [
        .init(channels: 256, kernel: 3, pool: 2), .init(channels: 256, kernel: 3, pool: 2),
        .init(channels: 256, kernel: 3, pool: 1),
    ])
    /// Number of top mel bands that the network ignores, since resamplers and codecs remove them.
    package var ignoredTopBands = 4
    /// Share of the statistics that dropout removes in a training step.
    package var dropout = 0.5

    /// Windows in a step.
    package var batch = 256
    /// Steps in an epoch. Each epoch ends with a line of progress and a checkpoint.
    package var stepsPerEpoch = 40
    package var epochs = 75
    /// Largest learning rate.
    package var learningRate = 2e-3
    /// Share of the steps in which the rate rises.
    package var warmUp = 0.1
    package var weightDecay = 0.05
    /// Largest norm of the gradient; a larger gradient is scaled down to it.
    package var gradientNorm = 5.0
    /// Decay of the moving average of the weights in a step.
    package var averaging = 0.998
    /// Share of the target that is spread over all labels.
    package var labelSmoothing = 0.1
    /// Parameter of the Beta distribution for mixing two windows, 0 to 1; below 0.01 nothing is mixed.
    package var mixup = 0.3

    /// Epochs between two validations; 0 validates only at the end.
    package var validateEvery = 10
    /// Training stops after this many validations without a better likelihood; 0 never stops early.
    package var patience = 0

    /// Networks that are trained first, on the same tracks. Their predictions are part of the targets.
    package var teachers: [TeacherConfiguration] = []
    /// Share of the target that is the mean of the teachers' probabilities.
    package var teacherShare = 0.7

    package var targets = TargetsConfiguration()
    package var sampling = SamplingConfiguration()
    package var augmentation = AugmentationConfiguration()

    package init() {}

    package var steps: Int { epochs * stepsPerEpoch }

    /// The reason why this configuration is invalid; nil if it is valid.
    package var problem: String? {
        if let problem = architecture.problem(frontEnd: .version1) { return "architecture: \(problem)" }
        let ranges: [(name: String, value: Double, range: ClosedRange<Double>)] = [
            ("ignoredTopBands", Double(ignoredTopBands), 0...16), ("dropout", dropout, 0...0.95),
            ("batch", Double(batch), 2...8192),
            ("stepsPerEpoch", Double(stepsPerEpoch), 1...100_000), ("epochs", Double(epochs), 1...100_000),
            ("learningRate", learningRate, 1e-7...1), ("warmUp", warmUp, 0...0.9),
            ("weightDecay", weightDecay, 0...10), ("gradientNorm", gradientNorm, 1e-3...1e6),
            ("averaging", averaging, 0...0.999999), ("labelSmoothing", labelSmoothing, 0...0.9),
            ("mixup", mixup, 0...1), ("validateEvery", Double(validateEvery), 0...100_000),
            ("patience", Double(patience), 0...100_000), ("teacherShare", teacherShare, 0...1),
        ]
        for (name, value, range) in ranges where !range.contains(value) {
            let numbers = String(format: "%.9g; it must be %.9g to %.9g", value, range.lowerBound, range.upperBound)
            return "\(name) is \(numbers)"
        }
        if teachers.count > 8 { return "\(teachers.count) teachers; at most 8 are allowed" }
        for (number, teacher) in zip(1..., teachers) {
            if let problem = configuration(of: teacher).problem { return "teacher \(number): \(problem)" }
        }
        return targets.problem ?? sampling.problem ?? augmentation.problem
    }

    /// The configuration of a teacher: its student's, with the teacher's own settings and without teachers.
    func configuration(of teacher: TeacherConfiguration) -> TrainingConfiguration {
        var result = self
        result.teachers = []
        result.teacherShare = Self().teacherShare
        result.architecture = teacher.architecture
        if let dropout = teacher.dropout { result.dropout = dropout }
        if let epochs = teacher.epochs { result.epochs = epochs }
        return result
    }
}
