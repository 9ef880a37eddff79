// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Foundation
import Model
import Streaming
import Training

/// The result for one file, as the JSON that `classify` prints.
struct Classification: Encodable {
    struct Segment: Encodable {
        /// Seconds.
        var start: Double
        var end: Double
        var genre: String
        var confidence: Double
        /// The share of the segment's windows with this label.
        var votes: Double
        var probabilities: [String: Double]
    }

    struct Window: Encodable {
        /// Seconds from the beginning to the window's end.
        var position: Double
        var probabilities: [String: Float]
    }

    /// The file, and the same with %XX for what is no UTF-8; nil if all of it is.
    var file: String
    var fileEncoded: String?
    /// What of it was not heard; nil if nothing.
    var skipped: String?
    var genre: String
    var confidence: Double
    /// The share of all windows with this label.
    var votes: Double
    var probabilities: [String: Double]
    var segments: [Segment]
    var windows: [Window]?

    /// A window as the network classifies it.
    private struct ClassifiedWindow {
        var position: Double
        var probabilities: [Float]
        var isSilent: Bool
    }

    /// A path with %XX, if it is not all UTF-8.
    static func encoded(_ path: String) -> String? { PathText.isText(path) ? nil : PathText.percentEncoded(path) }

    /// Classifies a file with the daemon's own front end and network.
    ///
    /// - Parameter length: of a segment, seconds.
    init(_ reader: AudioFileReader, name: String, model: GenreModel, length: Double, withWindows: Bool) throws {
        let stream = try WindowClassifier(
            model: model, inputRate: reader.format.sampleRate, silenceLevel: EstimatorParameters().silenceLevel)
        var all: [ClassifiedWindow] = []
        func append(_ step: WindowResult) {
            guard let probabilities = step.windowProbabilities else { return }
            all.append(
                ClassifiedWindow(
                    position: step.position, probabilities: Array(probabilities), isSilent: step.active == 0))
        }
        reader.forEachBlock { stream.process($0, append) }
        stream.finish(append)

        let shortest = model.frontEnd.duration(frames: model.frontEnd.windowFrames)
        guard !all.isEmpty else {
            throw TrainingError(
                .unsupported,
                "too short: \(stream.position.digits(1)) s of audio, but a window is \(shortest.digits(1)) s")
        }
        let audible = all.filter { !$0.isSilent }
        guard let whole = ClipPrediction(windows: audible.map(\.probabilities)) else {
            throw TrainingError(.unsupported, "nothing but silence")
        }
        func named<T>(_ values: [T]) -> [String: T] { Dictionary(uniqueKeysWithValues: zip(model.labels, values)) }
        file = PathText.replaced(name)
        fileEncoded = Self.encoded(name)
        skipped = reader.losses.text
        genre = model.labels[whole.label]
        confidence = whole.probabilities[whole.label]
        votes = whole.votes[whole.label]
        probabilities = named(whole.probabilities)
        // A window belongs to the segment that contains its middle.
        let bySegment = Dictionary(grouping: audible) { Int(($0.position - shortest / 2) / length) }
        let end = stream.position
        segments = bySegment.sorted { $0.key < $1.key }.compactMap { index, windows in
            ClipPrediction(windows: windows.map(\.probabilities)).map { prediction in
                Segment(
                    start: Double(index) * length, end: min(end, Double(index + 1) * length),
                    genre: model.labels[prediction.label], confidence: prediction.probabilities[prediction.label],
                    votes: prediction.votes[prediction.label], probabilities: named(prediction.probabilities))
            }
        }
        windows =
            withWindows
            ? all.map { Window(position: $0.position, probabilities: named($0.probabilities)) } : nil
    }
}
