// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Testing

@testable import Streaming

struct EstimatorTests {
    func estimator(_ change: (inout EstimatorParameters) -> Void = { _ in }) throws -> Estimator {
        var parameters = EstimatorParameters()
        (parameters.enter, parameters.leave) = (0.5, 0.3)
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
        (parameters.enter, parameters.leave) = (0.5, 0.3)
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
        #expect(estimator.confidence < 0.34)
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

    @Test func `applause does not make a genre doubtful`() throws {
        let estimator = try estimator { ($0.enter, $0.leave) = (0.3, 0.1) }
        feed(estimator, jazz, seconds: 20)
        feed(estimator, [0.02, 0.02, 0.02, 0.94], seconds: 15)
        #expect(estimator.state == .noMusic && estimator.label == 3)
        // As soon as there is music again, it is what it was.
        while estimator.state == .noMusic { feed(estimator, [0.3, 0.3, 0.3, 0.1], seconds: 0.24) }
        #expect(estimator.state == .genre && estimator.label == 1)
    }

    @Test func `windows that are half one genre and half another are one piece`() throws {
        let estimator = try estimator {
            $0.enter = 0.2
            $0.leave = 0.1
        }
        feed(estimator, jazz, seconds: 20)
        #expect(estimator.label == 1)
        // A piece that looks like jazz for 4 s and like rock for 3 s, again and again.
        for _ in 0..<10 {
            feed(estimator, rock, seconds: 3)
            feed(estimator, jazz, seconds: 4)
        }
        var labels: Set<Int?> = []
        for _ in 0..<10 {
            feed(estimator, rock, seconds: 3)
            labels.insert(estimator.label)
            feed(estimator, jazz, seconds: 4)
            labels.insert(estimator.label)
        }
        #expect(labels == [1])
        #expect(estimator.probabilities[1] < 0.8, "and it is not certain")
    }

    @Test func `a label is kept between leave and enter`() throws {
        let estimator = try estimator { ($0.enter, $0.leave, $0.switchRate) = (0.6, 0.38, 0.05) }
        while estimator.label == nil { feed(estimator, jazz, seconds: 0.24) }
        // Windows without information: the posterior decays.
        let nothing = [Float](repeating: 0.25, count: 4)
        while estimator.probabilities[1] >= 0.4 {
            feed(estimator, nothing, seconds: 0.24)
            #expect(estimator.label == 1)
        }
        #expect(estimator.confidence < 0.6)
        for _ in 0..<2000 where estimator.probabilities[1] >= 0.38 { feed(estimator, nothing, seconds: 0.24) }
        #expect(estimator.label == nil && estimator.state == .unsure)
    }

    @Test func `below leave a label gives way to any that is probable enough`() throws {
        // A margin that no rival reaches.
        let estimator = try estimator { ($0.enter, $0.leave, $0.margin) = (0.5, 0.3, 0.85) }
        feed(estimator, jazz, seconds: 10)
        for _ in 0..<200 where estimator.probabilities[1] >= 0.3 {
            #expect(estimator.label == 1)
            feed(estimator, rock, seconds: 0.24)
        }
        feed(estimator, rock, seconds: 5)
        #expect(estimator.label == 2)
    }

    @Test func `another label takes over when it is more probable by the margin`() throws {
        let estimator = try estimator { ($0.enter, $0.leave, $0.margin) = (0.2, 0.1, 0.3) }
        feed(estimator, jazz, seconds: 10)
        feed(estimator, rock, seconds: 0.24)
        while estimator.probabilities[2] < estimator.probabilities[1] + 0.3 {
            #expect(estimator.label == 1)
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
            \EstimatorParameters.switchRate, \.evidenceRate, \.sharpness, \.enter, \.leave, \.margin, \.silenceLevel,
            \.silenceAfter, \.kindSwitchRate, \.kindEvidenceRate, \.kindSharpness,
        ] as [WritableKeyPath<EstimatorParameters, Double> & Sendable])
    func `parameters out of range are refused`(path: WritableKeyPath<EstimatorParameters, Double> & Sendable) throws {
        for value in [-1e9, 1e9, .nan, .infinity] {
            #expect(throws: StreamingError.self) { _ = try estimator { $0[keyPath: path] = value } }
        }
    }
}

struct AlternativesTests {
    @Test(
        arguments: [
            ([0.05, 0.92, 0.03], [1]), ([0.3, 0.1, 0.6], [2, 0]), ([0.2, 0.2, 0.2, 0.2, 0.2], [0, 1, 2]), ([1], [0]),
            ([], []),
        ] as [([Float], [Int])])
    func `the alternatives are the fewest labels with nine tenths of the probability, and at most three`(
        probabilities: [Float], labels: [Int]
    ) {
        #expect(Alternatives.labels(of: probabilities.span) == labels)
    }
}
