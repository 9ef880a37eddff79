// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model
import Streaming

@testable import Training

/// Three kinds of sound that are easy to tell apart, in any number of versions: gliding chords, beats of noise, and trains
/// of clicks over a hum; and plain noise for no-music.
enum SyntheticGenres {
    static let genres = ["beats", "clicks", "glides"]

    /// Audio at 22 050 Hz.
    static func audio(_ genre: String, version: Int, seconds: Double) -> [Float] {
        var generator = CounterGenerator(
            seed: 99, step: version, index: genre.utf8.reduce(0) { $0 + Int($1) }, purpose: .sample)
        let rate = 22_050.0
        let tempo = Double(generator.uniform(1.6, 3))
        let pitch = Double(generator.uniform(110, 440))
        let loudness = generator.uniform(0.05, 0.5)
        return (0..<Int(seconds * rate)).map { sample in
            let time = Double(sample) / rate
            let beat = (time * tempo).truncatingRemainder(dividingBy: 1)
            let noise = generator.roughlyNormal()
            switch genre {
            case "beats": return loudness * noise * Float(exp(-beat * 9))
            case "clicks": return loudness * ((beat < 0.02 ? noise * 2 : 0) + Float(sin(2 * .pi * 60 * time)) * 0.5)
            case "glides":
                let bend = 1 + 0.3 * sin(time * 2)
                let voices = [1.0, 1.25, 1.5].map { sin(2 * .pi * pitch * $0 * bend * time) }
                return loudness * Float(voices.reduce(0, +) / 3)
            default: return loudness * noise
            }
        }
    }

    /// Computes the features of audio with the daemon's front end.
    static func features(_ audio: [Float]) throws -> LogMel {
        let frames = try AudioFrames(inputRate: 22_050)
        var values: [Float] = []
        frames.process(audio.span) { values.append(contentsOf: $0.bands) }
        frames.finish { values.append(contentsOf: $0.bands) }
        return LogMel(values: values)
    }

    /// Writes a feature store with `versions` tracks in each genre. Two tracks each are a group.
    static func makeStore(_ root: String, versions: Int, seconds: Double = 7, others: [String] = []) throws
        -> TrackGroups
    {
        var groups = TrackGroups()
        for genre in genres + others {
            try makeFolder("\(root)/\(genre)")
            for version in 0..<versions {
                let name = TrackName(genre: genre, track: "\(genre).\(version)")
                let features = try features(audio(genre, version: version, seconds: seconds))
                try FeatureStore.write(features, as: name, in: root)
                groups.entries[name] = .init(group: "\(genre)-\(version / 2)", weight: 1)
            }
        }
        return groups
    }

    /// A configuration that is small enough to train in seconds.
    static var configuration: TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.architecture = Architecture(blocks: [
            .init(channels: 12, kernel: 3, pool: 2), .init(channels: 16, kernel: 3, pool: 2),
        ])
        configuration.batch = 48
        configuration.stepsPerEpoch = 10
        configuration.epochs = 6
        configuration.learningRate = 1e-2
        configuration.averaging = 0.9
        configuration.dropout = 0.1
        configuration.validateEvery = 3
        return configuration
    }

    /// The same with two branches, one of them over time and frequency.
    static var branchedConfiguration: TrainingConfiguration {
        var configuration = configuration
        configuration.architecture = Architecture(branches: [
            configuration.architecture.branches[0],
            .init(
                bands: 32,
                blocks2d: [
                    .init(channels: 6, kernel: .init(time: 3, frequency: 3), pool: .init(time: 2, frequency: 2)),
                    .init(channels: 10, kernel: .init(time: 3, frequency: 3), pool: .init(time: 2, frequency: 2)),
                ],
                blocks: [.init(channels: 16, kernel: 3, pool: 1)]),
        ])
        return configuration
    }

    /// The branched configuration with the first one as its teacher.
    static var distilledConfiguration: TrainingConfiguration {
        var distilled = branchedConfiguration
        distilled.teachers = [TeacherConfiguration(architecture: configuration.architecture, dropout: 0, epochs: 4)]
        return distilled
    }
}
