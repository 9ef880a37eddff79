// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Foundation
import Model
import Streaming
import Training

/// What is said of a file, as the JSON that `classify` prints.
struct Classification: Encodable {
    struct Segment: Encodable {
        /// Seconds.
        var start: Double
        var end: Double
        var genre: String
        var confidence: Double
        /// The share of the segment's windows that say so.
        var votes: Double
        var probabilities: [String: Double]
    }

    struct Window: Encodable {
        /// Seconds from the beginning to the window's end.
        var position: Double
        var probabilities: [String: Float]
    }

    var file: String
    var genre: String
    var confidence: Double
    /// The share of all windows that say so.
    var votes: Double
    var probabilities: [String: Double]
    var segments: [Segment]
    var windows: [Window]?

    /// A window that is heard.
    private struct Heard {
        var position: Double
        var probabilities: [Float]
        var isSilent: Bool
    }

    /// Hears a file to its end, by the way that the daemon hears by.
    ///
    /// - Parameter length: of a segment, seconds.
    init(_ reader: AudioFileReader, name: String, model: GenreModel, length: Double, withWindows: Bool) throws {
        let stream = try WindowStream(
            model: model, inputRate: reader.format.sampleRate, silenceLevel: EstimatorParameters().silenceLevel)
        var heard: [Heard] = []
        func hear(_ step: WindowStep) {
            guard let window = step.window else { return }
            heard.append(Heard(position: step.position, probabilities: Array(window), isSilent: step.active == 0))
        }
        let block = UnsafeMutableBufferPointer<Float>.allocate(capacity: 1 << 16)
        defer { block.deallocate() }
        while case let count = reader.read(into: block), count > 0 {
            stream.process(UnsafeBufferPointer(rebasing: block[..<count]), hear)
        }
        stream.finish(hear)

        let shortest = model.frontEnd.duration(frames: model.frontEnd.windowFrames)
        guard !heard.isEmpty else {
            throw TrainingError(
                .unsupported,
                "too short: \(stream.position.digits(1)) s of audio, and a window is \(shortest.digits(1)) s")
        }
        let sounding = heard.filter { !$0.isSilent }
        guard let whole = ClipPrediction(windows: sounding.map(\.probabilities)) else {
            throw TrainingError(.unsupported, "nothing but silence")
        }
        func named<T>(_ values: [T]) -> [String: T] { Dictionary(uniqueKeysWithValues: zip(model.labels, values)) }
        file = name
        genre = model.labels[whole.label]
        confidence = whole.probabilities[whole.label]
        votes = whole.votes[whole.label]
        probabilities = named(whole.probabilities)
        // A window belongs to the segment that its middle lies in.
        let bySegment = Dictionary(grouping: sounding) { Int(($0.position - shortest / 2) / length) }
        let end = stream.position
        segments = bySegment.sorted { $0.key < $1.key }.compactMap { index, windows in
            ClipPrediction(windows: windows.map(\.probabilities)).map { verdict in
                Segment(
                    start: Double(index) * length, end: min(end, Double(index + 1) * length),
                    genre: model.labels[verdict.label], confidence: verdict.probabilities[verdict.label],
                    votes: verdict.votes[verdict.label], probabilities: named(verdict.probabilities))
            }
        }
        windows =
            withWindows
            ? heard.map { Window(position: $0.position, probabilities: named($0.probabilities)) } : nil
    }
}
