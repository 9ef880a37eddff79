// SPDX-License-Identifier: GPL-3.0-or-later

import Model

/// What a plan needs: data, memory and time.
package struct TrainingNeeds: Sendable, Codable, Equatable {
    /// Labelled tracks, and hours of all that is trained on: other channels are not counted, tracks without a label are.
    package var tracks: Int
    package var hours: Double
    /// Networks to train, with their teachers, and the windows that they will see, all together.
    package var networks: Int
    package var windows: Int
    /// Bytes of memory: the features, and the largest batch with its networks.
    package var memory: Int
    /// Seconds of training, from a few measured steps of each kind of network.
    package var seconds: Double
}

extension TrainingPlan {
    /// The networks that are trained: one for each split, and one for everything.
    var networks: Int { splits.count + (trainsOnEverything || splits.isEmpty ? 1 : 0) }

    /// The configurations of a network's teachers.
    private var teachers: [TrainingConfiguration] {
        configuration.teachers.map { configuration.configuration(of: $0) }
    }

    /// Bytes of memory that a batch needs, with its network and the teachers.
    var batchMemory: Int {
        ([configuration] + teachers).reduce(0) { $0 + Trainer.bytes($1, labels: corpus.labels.count) }
    }

    /// Trains a few steps of each kind of network, and says what all of the plan will need. The networks are thrown away.
    package func needs(workers: Workers) throws(TrainingError) -> TrainingNeeds {
        let split = splits.first ?? DataSplit(training: Array(corpus.tracks.indices), heldOut: [])
        var seconds = 0.0
        var trained: [Trainer] = []
        for teacher in teachers {
            let trainer = try Trainer(
                corpus: corpus, split: split, configuration: teacher, seed: seed, workers: workers)
            seconds += trainer.pace() * Double(teacher.steps)
            trained.append(trainer)
        }
        let student = try Trainer(
            corpus: corpus, split: split, configuration: configuration, seed: seed, teachers: trained,
            workers: workers)
        seconds += student.pace() * Double(configuration.steps)
        let recordings = corpus.tracks.map(\.recording) + corpus.unlabelled
        let values = recordings.reduce(0) { $0 + $1.variants.reduce(0) { $0 + $1.values.count } }
        let frames = recordings.reduce(0) { $0 + $1.features.frames }
        return TrainingNeeds(
            tracks: corpus.tracks.count, hours: FrontEnd.version1.duration(frames: frames) / 3600,
            networks: networks * (teachers.count + 1),
            windows: networks * configuration.batch * (configuration.steps + teachers.reduce(0) { $0 + $1.steps }),
            memory: values * MemoryLayout<Float>.size + batchMemory,
            seconds: seconds * Double(networks))
    }
}
