// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// How a network is trained: everything but the data, the seed and the place of the result.
///
/// Stored as JSON; what a file does not name keeps its default, and what it misspells is an error.
package struct TrainingConfiguration: Codable, Sendable, Equatable {
    package var architecture = Architecture(blocks: [
        .init(channels: 256, kernel: 3, pool: 2), .init(channels: 256, kernel: 3, pool: 2),
        .init(channels: 256, kernel: 3, pool: 1),
    ])
    /// The uppermost bands that the network shall not depend on: resamplers and codecs take them away.
    package var ignoredTopBands = 4
    /// The share of the statistics that a training step does not see.
    package var dropout = 0.5

    /// Windows a step.
    package var batch = 256
    /// Steps an epoch; after each epoch there is a line of progress and a checkpoint.
    package var stepsPerEpoch = 40
    package var epochs = 75
    /// The largest learning rate.
    package var learningRate = 2e-3
    /// The share of the steps in which the rate rises.
    package var warmUp = 0.1
    package var weightDecay = 0.05
    /// The largest norm of the gradient.
    package var gradientNorm = 5.0
    /// What the average of the weights keeps of itself at a step.
    package var averaging = 0.998
    /// The share of the target that is spread over all labels.
    package var labelSmoothing = 0.1
    /// The parameter of the Beta distribution by which two windows are mixed, 0 to 1; 0 does not mix.
    package var mixup = 0.3

    /// Epochs between validations; 0 validates at the end only.
    package var validateEvery = 10
    /// Validations without a better likelihood after which training stops; 0 never does.
    package var patience = 0

    /// Networks that are trained first, on the same tracks: what they say of a window is a part of its target.
    package var teachers: [TeacherConfiguration] = []
    /// The share of the target that is the mean of the teachers' probabilities.
    package var teacherShare = 0.7

    package var sampling = SamplingConfiguration()
    package var augmentation = AugmentationConfiguration()

    package init() {}

    package var steps: Int { epochs * stepsPerEpoch }

    /// What makes this configuration impossible, or nil.
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
        if teachers.count > 8 { return "\(teachers.count) teachers; at most 8 are possible" }
        for (number, teacher) in zip(1..., teachers) {
            if let problem = configuration(of: teacher).problem { return "teacher \(number): \(problem)" }
        }
        return sampling.problem ?? augmentation.problem
    }

    /// How a teacher is trained: as its student, but for what it has of its own, and with no teachers.
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
