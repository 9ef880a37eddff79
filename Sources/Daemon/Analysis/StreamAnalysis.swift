// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Model
import Streaming

/// The settings that all sources share.
struct AnalysisSettings: Sendable {
    var model: GenreModel
    /// Seconds between estimates.
    var updateInterval: Double
    var estimator: EstimatorParameters
}

/// The analysis of one stream, from samples at one rate to the ring that the hub reads.
final class StreamAnalysis: @unchecked Sendable {
    // Safe to share: one thread makes it and hands it over, through a lock, to the worker, its only user; the hub uses the
    // consumer's side of `estimates`.
    private(set) var estimates: EstimateRing
    private let classifier: StreamingClassifier
    /// Seconds heard of the same stream before it began anew.
    private var offset = 0.0
    /// Samples heard since it began, or began anew, and where the last estimate was made, in seconds.
    private var heard = 0
    private var lastEstimate: Double?
    /// The least seconds of audio that were there beyond the end of an estimate's last frame when it was made: what the
    /// resampler needs, and the rest of a piece. Infinite until two estimates have followed one another.
    private var lookahead = Double.infinity
    /// Maximum number of estimates per turn.
    private var estimatesPerTurn: Int
    /// Whether estimates were made that are not announced yet, and whether one of them is news.
    private var (hasEstimates, hasNews) = (false, false)
    /// What the last estimate said; nil before the first.
    private var said: (state: EstimatorState, label: Int?)?

    /// - Parameter turn: the seconds of audio that one turn of the worker can take.
    init(sampleRate: Int, turn: Double, settings: AnalysisSettings, workspace: Workspace) throws(StreamingError) {
        classifier = try StreamingClassifier(
            model: settings.model, inputRate: sampleRate, updateInterval: settings.updateInterval,
            estimator: settings.estimator, workspace: workspace)
        estimatesPerTurn = EstimateRing.estimates(in: turn, interval: classifier.updateInterval)
        estimates = EstimateRing(perTurn: estimatesPerTurn, labels: settings.model.labels.count)
    }

    var labels: [String] { classifier.model.labels }

    var position: Double { offset + classifier.position }

    /// Whether the hub has left room for the estimates of one turn.
    var hasRoom: Bool { estimates.hasRoom(for: estimatesPerTurn) }

    func process(_ samples: UnsafeBufferPointer<Float>) {
        heard += samples.count
        classifier.process(samples.span) { append($0) }
    }

    /// Whether the estimates since the last call are urgent: one says something new, the hub waits for one, or the ring
    /// fills. Nil if there are none.
    func takeAnnouncement() -> Bool? {
        guard hasEstimates else { return nil }
        let isUrgent = hasNews || estimates.isNearlyFull || estimates.takeRequest()
        (hasEstimates, hasNews) = (false, false)
        return isUrgent
    }

    /// What it has heard, and with how much it will have the next estimate; nil until that is known.
    var demand: AudioDemand? {
        guard let lastEstimate, lookahead.isFinite else { return nil }
        return AudioDemand(
            heard: Double(heard) / Double(classifier.inputRate),
            next: lastEstimate + classifier.updateInterval + lookahead)
    }

    func finish() {
        classifier.finish { append($0) }
    }

    private func append(_ estimate: StreamingClassifier.Estimate) {
        if lastEstimate != nil {
            lookahead = min(lookahead, Double(heard) / Double(classifier.inputRate) - estimate.position)
        }
        lastEstimate = estimate.position
        hasEstimates = true
        if said?.state != estimate.state || said?.label != estimate.label {
            hasNews = true
            said = (estimate.state, estimate.label)
        }
        estimates.append(
            EstimateRing.Record(
                position: offset + estimate.position, state: estimate.state, label: estimate.label,
                confidence: estimate.confidence, level: estimate.level, probabilities: estimate.probabilities,
                windowProbabilities: estimate.windowProbabilities))
    }

    /// Goes on with other settings, between two windows.
    func use(_ change: AnalysisChange) {
        (estimates, estimatesPerTurn) = (change.estimates, change.estimatesPerTurn)
        forgetDemand()
        said = nil
        classifier.use(change.replacement) { append($0) }
    }

    /// Begins anew after a hole in the audio, in the same stream.
    func restart() {
        offset = position
        classifier.reset()
        heard = 0
        forgetDemand()
    }

    private func forgetDemand() {
        lastEstimate = nil
        lookahead = .infinity
    }
}

/// Other settings for an open stream, with everything that they need. They are made while the stream goes on.
final class AnalysisChange: @unchecked Sendable {
    // Safe to share: one thread makes it and hands it over, through a lock, to the worker, its only user; the hub uses the
    // consumer's side of `estimates`.
    fileprivate let replacement: StreamingClassifier.Replacement
    fileprivate let estimates: EstimateRing
    fileprivate let estimatesPerTurn: Int

    /// - Parameters:
    ///   - present: the stream's present settings.
    ///   - turn: the seconds of audio that one turn of the worker can take.
    init(settings: AnalysisSettings, after present: AnalysisSettings, turn: Double) throws(StreamingError) {
        replacement = try settings.replacement(after: present)
        estimatesPerTurn = EstimateRing.estimates(in: turn, interval: replacement.updateInterval)
        estimates = EstimateRing(perTurn: estimatesPerTurn, labels: settings.model.labels.count)
    }
}

extension AnalysisSettings {
    /// Makes the replacement for one stream. If it throws, it throws for every stream.
    ///
    /// - Parameter present: the stream's present settings.
    func replacement(after present: AnalysisSettings) throws(StreamingError) -> StreamingClassifier.Replacement {
        try StreamingClassifier.Replacement(
            model: model, updateInterval: updateInterval, estimator: estimator,
            after: (present.model, present.updateInterval))
    }
}

extension EstimateRing {
    /// The most estimates of one turn: those of its samples, of the stream's end and of a change of settings.
    fileprivate static func estimates(in seconds: Double, interval: Double) -> Int { Int(seconds / interval) + 5 }

    /// A ring for the estimates of a few turns, so that analysis and hub need not alternate.
    fileprivate convenience init(perTurn count: Int, labels: Int) {
        self.init(capacity: max(32, 4 * count), labels: labels)
    }
}
