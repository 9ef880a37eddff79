// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Model
import Streaming

/// What all sources are analysed with.
struct AnalysisSettings: Sendable {
    var model: GenreModel
    /// Seconds between estimates.
    var updateInterval: Double
    var estimator: EstimatorParameters
}

/// The analysis of one stream: from samples at one rate to the ring that the hub reads.
final class StreamAnalysis: @unchecked Sendable {
    // Safe to share: made by one thread and handed over, through a lock, to the worker that is its only user; of
    // `estimates` the hub uses the consumer's side.
    private(set) var estimates: EstimateRing
    private let classifier: StreamingClassifier
    /// Seconds heard of the same opening of the source before it began anew.
    private var offset = 0.0
    /// Estimates that one turn can bring.
    private var estimatesPerTurn: Int

    /// - Parameter turn: seconds of audio that one turn can take.
    init(sampleRate: Int, turn: Double, settings: AnalysisSettings, workspace: Workspace) throws(StreamingError) {
        classifier = try StreamingClassifier(
            model: settings.model, inputRate: sampleRate, updateInterval: settings.updateInterval,
            estimator: settings.estimator, workspace: workspace)
        estimatesPerTurn = EstimateRing.estimates(in: turn, interval: classifier.updateInterval)
        estimates = EstimateRing(perTurn: estimatesPerTurn, labels: settings.model.labels.count)
    }

    var labels: [String] { classifier.model.labels }

    var position: Double { offset + classifier.position }

    /// Whether the hub has left room for all that one turn can bring.
    var hasRoom: Bool { estimates.hasRoom(for: estimatesPerTurn) }

    /// Returns whether anything was published.
    func process(_ samples: UnsafeBufferPointer<Float>) -> Bool {
        var any = false
        classifier.process(samples) { estimate in
            append(estimate)
            any = true
        }
        return any
    }

    func finish() {
        classifier.finish { append($0) }
    }

    private func append(_ estimate: StreamingClassifier.Estimate) {
        estimates.append(
            EstimateRing.Record(
                position: offset + estimate.position, state: estimate.state, label: estimate.label,
                confidence: estimate.confidence, level: estimate.level, probabilities: estimate.probabilities,
                window: estimate.windowProbabilities))
    }

    /// Goes on with other settings, between two windows.
    func use(_ change: AnalysisChange) {
        (estimates, estimatesPerTurn) = (change.estimates, change.estimatesPerTurn)
        classifier.use(change.replacement) { append($0) }
    }

    /// Begins anew after a hole in the audio, in the same opening of the source.
    func restart() {
        offset = position
        classifier.reset()
    }
}

/// Other settings for a stream that is open, with all that they need: made beside it.
final class AnalysisChange: @unchecked Sendable {
    // Safe to share: made by one thread and handed over, through a lock, to the worker that is its only user; of
    // `estimates` the hub uses the consumer's side.
    fileprivate let replacement: StreamingClassifier.Replacement
    fileprivate let estimates: EstimateRing
    fileprivate let estimatesPerTurn: Int

    /// - Parameter seconds: the audio that one turn can take.
    init(settings: AnalysisSettings, seconds: Double) throws(StreamingError) {
        replacement = try settings.replacement()
        estimatesPerTurn = EstimateRing.estimates(in: seconds, interval: replacement.updateInterval)
        estimates = EstimateRing(perTurn: estimatesPerTurn, labels: settings.model.labels.count)
    }
}

extension AnalysisSettings {
    /// For one stream; what it throws it throws for every stream.
    func replacement() throws(StreamingError) -> StreamingClassifier.Replacement {
        try StreamingClassifier.Replacement(model: model, updateInterval: updateInterval, estimator: estimator)
    }
}

extension EstimateRing {
    /// Estimates that one turn can bring: that of its samples, the stream's end, and a change of settings.
    fileprivate static func estimates(in seconds: Double, interval: Double) -> Int { Int(seconds / interval) + 5 }

    /// Room for a few turns, so that analysis and hub need not take turns.
    fileprivate convenience init(perTurn count: Int, labels: Int) {
        self.init(capacity: max(32, 4 * count), labels: labels)
    }
}
