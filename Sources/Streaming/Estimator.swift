// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// States that the estimator can be in.
package enum EstimatorState: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    /// Less than a window has been processed.
    case starting
    case genre
    /// No label is probable enough.
    case unsure
    case silence
    /// One of the model's labels for audio that is not music.
    case noMusic
}

/// Forward filter of a hidden Markov model whose states are the labels, with hysteresis and gates for the published
/// label.
///
/// Between steps, the label switches at a fixed rate to one drawn uniformly from all labels (Rabiner, "A tutorial on
/// hidden Markov models", 1989, §III.A, the forward variable). A window's emission is its calibrated probabilities
/// raised to a power below one, because windows that overlap are not independent. Time is seconds of audio, as the
/// caller passes it. Nothing is allocated after `init`.
package final class Estimator {
    package let parameters: EstimatorParameters
    package private(set) var state = EstimatorState.starting
    /// The label in the states `genre` and `noMusic`, otherwise nil.
    package private(set) var label: Int?

    /// [labels]: the posterior that is published.
    private let published: OwnedBuffer<Float>
    /// [labels]: the filter's posterior, as if windows erred independently.
    private let filtered: OwnedBuffer<Float>
    /// [labels]: whether a label is for audio that is not music.
    private let isNoMusic: [Bool]
    private var silentFor = 0.0

    /// - Parameters:
    ///   - labels: number of labels.
    ///   - noMusic: indices of the labels for audio that is not music, which are a state of their own.
    /// - Throws: `badParameter` if a parameter is out of its range.
    package init(labels: Int, noMusic: [Int], parameters: EstimatorParameters) throws(StreamingError) {
        if let problem = parameters.problem { throw StreamingError(.badParameter, problem) }
        self.parameters = parameters
        isNoMusic = (0..<labels).map(noMusic.contains)
        published = OwnedBuffer(repeating: 1 / Float(labels), count: labels)
        filtered = OwnedBuffer(repeating: 1 / Float(labels), count: labels)
    }

    /// Each label's published probability, given all audio so far. Valid as long as the estimator lives.
    package var probabilities: UnsafeBufferPointer<Float> { UnsafeBufferPointer(published.elements) }

    /// The most probable label, whether it is published or not.
    package var best: Int {
        var best = 0
        let probabilities = probabilities
        for index in probabilities.indices where probabilities[index] > probabilities[best] { best = index }
        return best
    }

    /// Probability of what is published: of the label, or of the most probable label while unsure, otherwise 0.
    package var confidence: Float {
        switch state {
        case .genre, .noMusic: label.map { published[$0] } ?? 0
        case .unsure: published[best]
        case .starting, .silence: 0
        }
    }

    /// Begins a new stream.
    package func reset() {
        forget()
        state = .starting
        label = nil
        silentFor = 0
    }

    /// Continues from another estimator's state, which may have other parameters or other labels.
    ///
    /// - Parameters:
    ///   - order: each label's index in `previous`; nil if the labels are not the same. In that case only the present
    ///     window counts.
    ///   - windowProbabilities: as in `process`.
    ///   - active: as in `process`.
    ///   - seconds: length of the window.
    func follow(
        _ previous: Estimator, order: [Int]?, windowProbabilities: UnsafeBufferPointer<Float>?, active: Double,
        seconds: Double
    ) {
        reset()
        silentFor = previous.silentFor
        if let order {
            for (index, old) in order.enumerated() { filtered[index] = previous.filtered[old] }
            sharpen()
            state = previous.state
            label = previous.label.flatMap { order.firstIndex(of: $0) }
        } else if previous.state == .silence {
            state = .silence
        } else if let windowProbabilities {
            observe(windowProbabilities, weight: parameters.evidenceRate * seconds * active)
            publish()
        }
    }

    /// Processes one step of the stream.
    ///
    /// - Parameters:
    ///   - windowProbabilities: [labels], the last window's calibrated probabilities; nil before the first window.
    ///   - active: share of the window's frames that are not silent, 0 to 1. Silence is no evidence.
    ///   - silent: whether all audio since the last step was silent.
    ///   - elapsed: seconds of audio since the last step.
    package func process(
        windowProbabilities: UnsafeBufferPointer<Float>?, active: Double, silent: Bool, elapsed: Double
    ) {
        silentFor = silent ? silentFor + elapsed : 0
        predict(elapsed)
        guard let windowProbabilities else { return }
        observe(windowProbabilities, weight: parameters.evidenceRate * elapsed * active)
        if silentFor >= parameters.silenceAfter {
            // What follows a pause need not be what came before it.
            if state != .silence { forget() }
            state = .silence
            label = nil
        } else if !(silent && state == .silence) {
            publish()
        }
    }

    private func forget() {
        filtered.fill(1 / Float(filtered.count))
        published.fill(1 / Float(filtered.count))
    }

    /// Prediction step: the label may have switched since the last step.
    private func predict(_ elapsed: Double) {
        let filtered = filtered.elements
        let stay = Float(exp(-parameters.switchRate * elapsed))
        let share = (1 - stay) / Float(filtered.count)
        for index in filtered.indices { filtered[index] = filtered[index] * stay + share }
        sharpen()
    }

    /// Update step: multiplies by the tempered emission.
    private func observe(_ emission: UnsafeBufferPointer<Float>, weight: Double) {
        guard weight > 0 else { return }
        let filtered = filtered.elements
        var sum: Float = 0
        for index in filtered.indices {
            // Without the floor, one window with a probability of 0 would rule a label out indefinitely.
            filtered[index] *= pow(max(emission[index], 1e-6), Float(weight))
            sum += filtered[index]
        }
        // Extreme settings can bring every product below the smallest number: then nothing is known.
        guard sum > 0 else { return forget() }
        for index in filtered.indices { filtered[index] /= sum }
        sharpen()
    }

    /// Computes the published probabilities from the filter's.
    private func sharpen() {
        let (filtered, published) = (filtered.elements, published.elements)
        var sum: Float = 0
        for index in filtered.indices {
            published[index] = pow(max(filtered[index], 1e-30), Float(parameters.sharpness))
            sum += published[index]
        }
        for index in published.indices { published[index] /= sum }
    }

    /// Chooses the label with hysteresis. Labels for audio that is not music count together first: what is half speech and
    /// half noise is certainly no music.
    private func publish() {
        let published = probabilities
        var genre = -1
        var kind = -1
        var noMusic: Float = 0
        for index in published.indices {
            let probability = published[index]
            if isNoMusic[index] {
                noMusic += probability
                if kind < 0 || probability > published[kind] { kind = index }
            } else if genre < 0 || probability > published[genre] {
                genre = index
            }
        }
        let music = genre < 0 ? 0 : published[genre]
        if kind >= 0, noMusic > music, Double(noMusic) >= parameters.enter {
            // Between kinds of it the label stays until another is as certain as a genre has to be.
            let keeps = label.map { isNoMusic[$0] && Double(published[kind]) < parameters.enter } ?? false
            if !keeps { label = kind }
        } else if genre >= 0, Double(music) >= parameters.enter {
            label = genre
        } else if let current = label, Double(isNoMusic[current] ? noMusic : published[current]) < parameters.leave {
            label = nil
        }
        state = label.map { isNoMusic[$0] ? .noMusic : .genre } ?? .unsure
    }
}
