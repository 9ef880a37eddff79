// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

@testable import Streaming

/// Compares the estimator's filters with their definitions in double precision.
struct FilterTests {
    private func parameters(_ change: (inout EstimatorParameters) -> Void) -> EstimatorParameters {
        var parameters = EstimatorParameters()
        change(&parameters)
        return parameters
    }

    private func windows(_ count: Int, labels: Int) -> [[Float]] {
        var generator = SplitMix(state: UInt64(count))
        return (0..<count).map { _ in
            let values = (0..<labels).map { _ in generator.uniform(0.01...1) }
            let sum = values.reduce(0, +)
            return values.map { $0 / sum }
        }
    }

    @Test func `the filter of kinds is the textbook's forward filter`() {
        let filter = KindFilter(
            labels: [1, 1, 1],
            parameters: parameters { ($0.kindSwitchRate, $0.kindEvidenceRate, $0.kindSharpness) = (0.1, 2, 1) })
        var expected = [Double](repeating: 1 / 3.0, count: 3)
        for window in windows(40, labels: 3) {
            let stay = exp(-0.1 * 0.5)
            expected = expected.map { $0 * stay + (1 - stay) / 3 }
            expected = zip(expected, window).map { $0 * pow(Double($1), 2 * 0.5) }
            let sum = expected.reduce(0, +)
            expected = expected.map { $0 / sum }
            filter.predict(0.5)
            window.withUnsafeBufferPointer { filter.observe($0, seconds: 0.5) }
            for (got, want) in zip(filter.probabilities, expected) { #expect(abs(Double(got) - want) < 1e-4) }
        }
    }

    /// A segment by the book: all of its windows.
    private struct Segment {
        var weight: Double
        var windows: [[Float]] = []
    }

    @Test func `the filter of segments weighs all of them by how well they predict`() {
        let (rate, evidence, sharpness, step) = (0.05, 1.5, 1.2, 0.24)
        let filter = SegmentFilter(
            genres: 3,
            parameters: parameters { ($0.switchRate, $0.evidenceRate, $0.sharpness) = (rate, evidence, sharpness) })
        var segments = [Segment(weight: 1)]
        // For 6 s every segment is kept; one begins with every second window.
        for (number, window) in windows(24, labels: 3).enumerated() {
            if number % 2 == 1 {
                let stay = exp(-rate * 2 * step)
                for index in segments.indices { segments[index].weight *= stay }
                segments.append(Segment(weight: 1 - stay))
            }
            for index in segments.indices {
                let heard = segments[index].windows
                let total = 2.5 + Double(heard.count) * step
                let expected = (0..<3).reduce(0) { sum, genre in
                    let count = heard.reduce(2.5 / 3) { $0 + Double($1[genre]) * step }
                    return sum + Double(window[genre]) * log(count / total * 3)
                }
                segments[index].weight *= exp(evidence * step * expected)
                segments[index].windows.append(window)
            }
            let sum = segments.reduce(0) { $0 + $1.weight }
            for index in segments.indices { segments[index].weight /= sum }
            filter.predict(step)
            window.withUnsafeBufferPointer { filter.observe($0, share: 1, seconds: step) }
        }
        var published = [Double](repeating: 0, count: 3)
        for segment in segments {
            let seconds = Double(segment.windows.count) * step
            let powers = (0..<3).map { genre in
                exp(sharpness / (seconds + 1.5) * segment.windows.reduce(0) { $0 + log(Double($1[genre])) * step })
            }
            for genre in 0..<3 { published[genre] += segment.weight * powers[genre] / powers.reduce(0, +) }
        }
        for (got, want) in zip(filter.probabilities, published) { #expect(abs(Double(got) - want) < 0.003) }
    }

    @Test func `after hours of changes the filter follows no more segments than after seconds`() {
        let filter = SegmentFilter(genres: 4, parameters: EstimatorParameters())
        for (number, window) in windows(20_000, labels: 4).enumerated() {
            filter.predict(0.24)
            window.withUnsafeBufferPointer { filter.observe($0, share: 0.9, seconds: 0.24) }
            if number % 1000 == 0 { #expect(abs(filter.probabilities.reduce(0, +) - 1) < 1e-3) }
            if number > 100 { #expect((14...17).contains(filter.count)) }
        }
        #expect(filter.probabilities.allSatisfy { $0 >= 0 && $0 <= 1 })
    }
}
