// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Testing

@testable import Streaming

struct EstimatorTests {
    func estimator(_ change: (inout EstimatorParameters) -> Void = { _ in }) throws -> Estimator {
        // A sharpness of 1 publishes the filter's own probabilities.
        var parameters = EstimatorParameters()
        (parameters.sharpness, parameters.enter, parameters.leave) = (1, 0.5, 0.3)
        change(&parameters)
        return try Estimator(labels: 4, noMusic: [3], parameters: parameters)
    }

    func feed(_ estimator: Estimator, _ window: [Float], seconds: Double, silent: Bool = false) {
        for _ in 0..<Int(seconds / 0.24) {
            window.withUnsafeBufferPointer {
                estimator.process(windowProbabilities: $0, active: silent ? 0 : 1, silent: silent, elapsed: 0.24)
            }
        }
    }

    let jazz: [Float] = [0.1, 0.7, 0.1, 0.1]
    let rock: [Float] = [0.1, 0.1, 0.7, 0.1]
    let talk: [Float] = [0.03, 0.03, 0.04, 0.9]

    @Test func `steady evidence gives its label, and soon another when it changes`() throws {
        let estimator = try estimator()
        feed(estimator, jazz, seconds: 10)
        #expect(estimator.state == .genre && estimator.label == 1)
        feed(estimator, rock, seconds: 15)
        #expect(estimator.state == .genre && estimator.label == 2)
        feed(estimator, talk, seconds: 15)
        #expect(estimator.state == .noMusic && estimator.label == 3)
    }

    /// Labels 2 and 3 are speech and noise.
    @Test func `kinds of what is not music count together first, and then the more probable one shows`() throws {
        var parameters = EstimatorParameters()
        (parameters.sharpness, parameters.enter, parameters.leave) = (1, 0.5, 0.3)
        let estimator = try Estimator(labels: 4, noMusic: [2, 3], parameters: parameters)
        // Neither is probable enough alone; no music is certain.
        feed(estimator, [0.1, 0.1, 0.42, 0.38], seconds: 3)
        #expect(estimator.state == .noMusic && estimator.label == 2)
        #expect(estimator.confidence < 0.75)
        feed(estimator, [0.02, 0.02, 0.06, 0.9], seconds: 15)
        #expect(estimator.state == .noMusic && estimator.label == 3)
        feed(estimator, [0.8, 0.1, 0.05, 0.05], seconds: 15)
        #expect(estimator.state == .genre && estimator.label == 0)
    }

    @Test func `one odd window does not change the label`() throws {
        let estimator = try estimator()
        feed(estimator, jazz, seconds: 10)
        for _ in 0..<20 {
            feed(estimator, rock, seconds: 0.24)
            #expect(estimator.label == 1)
            feed(estimator, jazz, seconds: 1.2)
        }
    }

    @Test func `uniform probabilities give the state unsure`() throws {
        let estimator = try estimator()
        feed(estimator, [0.25, 0.25, 0.25, 0.25], seconds: 30)
        #expect(estimator.state == .unsure && estimator.label == nil)
        #expect(abs(estimator.confidence - 0.25) < 0.01)
    }

    @Test func `probabilities of 0 and 1 rule nothing out indefinitely`() throws {
        let estimator = try estimator()
        feed(estimator, [0, 1, 0, 0], seconds: 60)
        #expect(estimator.probabilities.allSatisfy { $0.isFinite })
        feed(estimator, [0, 0, 1, 0], seconds: 60)
        #expect(estimator.label == 2)
    }

    @Test func `silence resets the filter and ends with the first sound`() throws {
        let estimator = try estimator { $0.silenceAfter = 1 }
        feed(estimator, jazz, seconds: 10)
        feed(estimator, jazz, seconds: 0.9, silent: true)
        #expect(estimator.state == .genre)
        feed(estimator, jazz, seconds: 1.5, silent: true)
        #expect(estimator.state == .silence && estimator.confidence == 0)
        #expect(estimator.probabilities.allSatisfy { abs($0 - 0.25) < 1e-3 })
        feed(estimator, jazz, seconds: 0.24)
        #expect(estimator.state != .silence)
    }

    @Test func `the filter is the textbook's forward filter`() throws {
        // Two updates by hand: predict with the switch rate, multiply by the tempered emission, normalise.
        let estimator = try estimator { ($0.switchRate, $0.evidenceRate) = (0.1, 2) }
        var expected = [Double](repeating: 0.25, count: 4)
        for window in [jazz, rock] {
            let stay = exp(-0.1 * 0.5)
            expected = expected.map { $0 * stay + (1 - stay) / 4 }
            expected = zip(expected, window).map { $0 * pow(Double($1), 2 * 0.5) }
            let sum = expected.reduce(0, +)
            expected = expected.map { $0 / sum }
            window.withUnsafeBufferPointer {
                estimator.process(windowProbabilities: $0, active: 1, silent: false, elapsed: 0.5)
            }
        }
        for (got, want) in zip(estimator.probabilities, expected) { #expect(abs(Double(got) - want) < 1e-5) }
    }

    @Test func `published probabilities are a power of the filter's`() throws {
        let (plain, dulled) = (try estimator(), try estimator { $0.sharpness = 0.4 })
        for estimator in [plain, dulled] { feed(estimator, jazz, seconds: 3) }
        let powers = plain.probabilities.map { pow($0, 0.4) }
        for (got, power) in zip(dulled.probabilities, powers) { #expect(abs(got - power / powers.reduce(0, +)) < 1e-5) }
        #expect(dulled.best == plain.best && dulled.probabilities[1] < plain.probabilities[1])
    }

    @Test func `a label is kept between leave and enter`() throws {
        let estimator = try estimator { ($0.enter, $0.leave, $0.switchRate) = (0.6, 0.3, 0.05) }
        while estimator.label == nil { feed(estimator, jazz, seconds: 0.24) }
        // Windows without information: the posterior decays.
        let nothing = [Float](repeating: 0.25, count: 4)
        while estimator.probabilities[1] >= 0.35 {
            feed(estimator, nothing, seconds: 0.24)
            #expect(estimator.label == 1)
        }
        #expect(estimator.confidence < 0.6)
        while estimator.probabilities[1] >= 0.3 { feed(estimator, nothing, seconds: 0.24) }
        #expect(estimator.label == nil && estimator.state == .unsure)
        // From below, nothing is published until it is as probable as `enter`.
        while estimator.probabilities[2] < 0.6 {
            #expect(estimator.label == nil)
            feed(estimator, rock, seconds: 0.24)
        }
        #expect(estimator.label == 2)
    }

    @Test func `evidence too extreme for the number format makes the estimator forget, not fail`() throws {
        let estimator = try estimator { ($0.evidenceRate, $0.switchRate) = (100, 0) }
        // Each window rules out what the one before was certain of, so that every product is below the smallest number.
        for window in [[0, 1, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0]] as [[Float]] {
            feed(estimator, window, seconds: 0.24)
            let sum = estimator.probabilities.reduce(0, +)
            #expect(abs(sum - 1) < 1e-3)
        }
    }

    @Test(
        arguments: [
            \EstimatorParameters.switchRate, \.evidenceRate, \.sharpness, \.enter, \.leave, \.silenceLevel,
            \.silenceAfter,
        ] as [WritableKeyPath<EstimatorParameters, Double> & Sendable])
    func `parameters out of range are refused`(path: WritableKeyPath<EstimatorParameters, Double> & Sendable) throws {
        for value in [-1e9, 1e9, .nan, .infinity] {
            #expect(throws: StreamingError.self) { _ = try estimator { $0[keyPath: path] = value } }
        }
    }
}
