// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Streaming

/// The last estimate of a source, and the labels that its probabilities belong to.
struct LatestEstimate {
    private(set) var labels: [String]
    /// Seconds of audio heard since the source was opened.
    private(set) var position = 0.0
    private(set) var time = Timestamp.now
    private(set) var state = EstimateState.starting
    private(set) var confidence: Float = 0
    /// dB relative to full scale; nil while nothing is heard.
    private(set) var level: Float?
    /// The smoothed probability of each label.
    private(set) var probabilities: [Float]
    private var windowValues: [Float]
    private var hasWindow = false

    /// The fewest labels that hold the right one nine times in ten, the most probable first, and at most three; none
    /// where nothing is estimated.
    var alternatives: [String] {
        guard state == .genre || state == .unsure || state == .noMusic else { return [] }
        return Alternatives.labels(of: probabilities.span).map { labels[$0] }
    }

    init(labels: [String]) {
        self.labels = labels
        probabilities = Self.uniform(labels.count)
        windowValues = probabilities
    }

    /// The probability of each label in the last window alone; nil before the first window.
    var windowProbabilities: [Float]? { hasWindow ? windowValues : nil }

    /// Copies a record of the analysis, reusing memory.
    ///
    /// - Returns: the model's label, if the state is `genre` or `no-music`.
    mutating func update(from record: EstimateRing.Record) -> String? {
        position = record.position
        probabilities.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: record.probabilities) }
        hasWindow = record.windowProbabilities != nil
        if let window = record.windowProbabilities {
            windowValues.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: window) }
        }
        level = record.level
        set(EstimateState(record.state), confidence: record.confidence)
        return record.label.map { labels[$0] }
    }

    /// Forgets what was estimated: nothing is known of the audio now.
    mutating func clear(_ state: EstimateState) {
        forgetProbabilities()
        level = nil
        set(state, confidence: 0)
    }

    /// Starts counting a new stream from zero.
    mutating func beginStream() { position = 0 }

    /// Changes to the labels of another model; until the next estimate, all are equally probable.
    mutating func use(labels new: [String]) {
        guard new != labels else { return }
        labels = new
        forgetProbabilities()
    }

    private mutating func forgetProbabilities() {
        probabilities = Self.uniform(labels.count)
        windowValues = probabilities
        hasWindow = false
    }

    private mutating func set(_ state: EstimateState, confidence: Float) {
        time = .now
        self.state = state
        self.confidence = confidence
    }

    private static func uniform(_ count: Int) -> [Float] { [Float](repeating: 1 / Float(count), count: count) }
}

extension EstimateState {
    fileprivate init(_ state: EstimatorState) {
        switch state {
        case .starting: self = .starting
        case .genre: self = .genre
        case .unsure: self = .unsure
        case .silence: self = .silence
        case .noMusic: self = .noMusic
        }
    }
}
