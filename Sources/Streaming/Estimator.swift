// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// What a stream is heard to be.
package enum EstimatorState: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    /// Less than a window heard.
    case starting
    case genre
    /// No label is probable enough.
    case unsure
    case silence
    /// The model's class for what is no music.
    case noMusic
}

/// The forward filter of a hidden Markov model whose states are the labels, with hysteresis and gates on top.
///
/// Between updates a label switches with a fixed rate to any other (Rabiner 1989, §III.A, the forward variable).
/// The emission of a window is its calibrated probabilities raised to a power below one, because windows that
/// overlap are not independent. Time is what the caller says it is: seconds of audio. Allocates nothing after `init`.
package final class Estimator {
    package let parameters: EstimatorParameters
    /// Each label's published probability given all that was heard.
    package let probabilities: UnsafeMutableBufferPointer<Float>
    /// Each label's probability by the filter, as if windows erred independently.
    private let filtered: UnsafeMutableBufferPointer<Float>
    package private(set) var state = EstimatorState.starting
    /// The label of the states `genre` and `noMusic`.
    package private(set) var label: Int?

    private let noMusic: Int?
    private var silentFor = 0.0

    /// - Parameters:
    ///   - labels: how many there are.
    ///   - noMusic: the label that is published as a state of its own.
    package init(labels: Int, noMusic: Int?, parameters: EstimatorParameters) throws(StreamingError) {
        if let problem = parameters.problem { throw StreamingError(.badParameter, problem) }
        self.parameters = parameters
        self.noMusic = noMusic
        probabilities = .allocate(capacity: labels)
        probabilities.initialize(repeating: 1 / Float(labels))
        filtered = .allocate(capacity: labels)
        filtered.initialize(repeating: 1 / Float(labels))
    }

    deinit {
        probabilities.deallocate()
        filtered.deallocate()
    }

    /// The label that is most probable now, published or not.
    package var best: Int {
        var best = 0
        for index in probabilities.indices where probabilities[index] > probabilities[best] { best = index }
        return best
    }

    /// How probable what is published is: the label's probability, the best guess's while unsure, else 0.
    package var confidence: Float {
        switch state {
        case .genre, .noMusic: label.map { probabilities[$0] } ?? 0
        case .unsure: probabilities[best]
        case .starting, .silence: 0
        }
    }

    /// Forgets all that was heard.
    package func reset() {
        forget()
        state = .starting
        label = nil
        silentFor = 0
    }

    /// Goes on where another one is, which had other parameters or other labels.
    ///
    /// - Parameters:
    ///   - order: for each label its index in `previous`; nil when the labels are not the same. Then what was heard
    ///     before the present window says nothing.
    ///   - windowProbabilities: as in `update`.
    ///   - active: as in `update`.
    ///   - seconds: how long the window is.
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

    /// One step of the stream.
    ///
    /// - Parameters:
    ///   - windowProbabilities: the last window's calibrated probabilities; nil while less than a window has been heard.
    ///   - active: the share of the window's frames that are not silent: silence is no evidence.
    ///   - silent: whether all audio since the last update was silent.
    ///   - elapsed: seconds of audio since the last update.
    package func process(
        windowProbabilities: UnsafeBufferPointer<Float>?, active: Double, silent: Bool, elapsed: Double
    ) {
        silentFor = silent ? silentFor + elapsed : 0
        predict(elapsed)
        guard let windowProbabilities else { return }
        observe(windowProbabilities, weight: parameters.evidenceRate * elapsed * active)
        if silentFor >= parameters.silenceAfter {
            if state != .silence {
                // What comes after a pause is as likely to be something else.
                forget()
            }
            state = .silence
            label = nil
        } else if !(silent && state == .silence) {
            publish()
        }
    }

    private func forget() {
        filtered.update(repeating: 1 / Float(filtered.count))
        probabilities.update(repeating: 1 / Float(filtered.count))
    }

    /// The switch between two updates.
    private func predict(_ elapsed: Double) {
        let stay = Float(exp(-parameters.switchRate * elapsed))
        let share = (1 - stay) / Float(filtered.count)
        for index in filtered.indices { filtered[index] = filtered[index] * stay + share }
        sharpen()
    }

    private func observe(_ windowProbabilities: UnsafeBufferPointer<Float>, weight: Double) {
        guard weight > 0 else { return }
        var sum: Float = 0
        for index in filtered.indices {
            // The floor keeps one window that is utterly sure from ending the matter for ever.
            filtered[index] *= pow(max(probabilities[index], 1e-6), Float(weight))
            sum += filtered[index]
        }
        for index in filtered.indices { filtered[index] /= sum }
        sharpen()
    }

    /// What is published of the filter.
    private func sharpen() {
        var sum: Float = 0
        for index in filtered.indices {
            probabilities[index] = pow(max(filtered[index], 1e-30), Float(parameters.sharpness))
            sum += probabilities[index]
        }
        for index in probabilities.indices { probabilities[index] /= sum }
    }

    private func publish() {
        let best = best
        if Double(probabilities[best]) >= parameters.enter {
            label = best
        } else if let current = label, Double(probabilities[current]) < parameters.leave {
            label = nil
        }
        state = label.map { $0 == noMusic ? .noMusic : .genre } ?? .unsure
    }
}
