// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Streaming

/// Evaluates estimators on streams with known changes of genre.
package struct StreamEvaluation: Sendable {
    private let streams: [RecordedStream]

    package init(_ streams: [RecordedStream]) {
        self.streams = streams
    }

    /// Whether any clip is long enough to be evaluated.
    package var hasSettledSteps: Bool { streams.contains { $0.steps.contains(where: \.isSettled) } }

    /// All streams are of models with the same labels.
    private var emptyTally: StreamTally {
        StreamTally(labels: streams.first?.labels ?? [], noMusic: streams.first?.noMusic ?? [])
    }

    /// Metrics of the label that the daemon would publish with these parameters.
    package func metrics(_ parameters: EstimatorParameters) throws(StreamingError) -> StreamMetrics {
        var tally = emptyTally
        for stream in streams {
            let estimator = try Estimator(
                labels: stream.labels.count, noMusic: stream.noMusic, parameters: parameters)
            tally.startStream()
            for step in stream.steps {
                if let window = step.windowProbabilities {
                    window.withUnsafeBufferPointer {
                        estimator.process(
                            windowProbabilities: $0, active: step.active, silent: step.silent, elapsed: step.elapsed)
                    }
                } else {
                    estimator.process(windowProbabilities: nil, active: 0, silent: step.silent, elapsed: step.elapsed)
                }
                tally.add(
                    step, label: estimator.label, confidence: Double(estimator.confidence),
                    alternatives: Alternatives.labels(of: estimator.probabilities.span))
            }
        }
        return tally.metrics
    }

    /// Metrics of each window's most probable label.
    package func rawMetrics() -> StreamMetrics {
        var tally = emptyTally
        for stream in streams {
            tally.startStream()
            for step in stream.steps {
                let best = step.windowProbabilities.flatMap { window in window.indices.max { window[$0] < window[$1] } }
                tally.add(
                    step, label: best,
                    confidence: best.flatMap { best in step.windowProbabilities.map { Double($0[best]) } } ?? 0,
                    alternatives: step.windowProbabilities.map { Alternatives.labels(of: $0.span) } ?? [])
            }
        }
        return tally.metrics
    }

    /// Combinations of the most important parameters.
    package static let grid: [EstimatorParameters] = {
        var candidates: [EstimatorParameters] = []
        for switchInterval in [15.0, 25, 40] {
            for evidenceRate in [1.5, 2.5, 4.0] {
                for sharpness in [1.1, 1.3, 1.5, 1.7] {
                    for (enter, leave) in [(0.2, 0.1), (0.25, 0.12), (0.3, 0.15), (0.35, 0.2)] {
                        for margin in [0.12, 0.2, 0.25, 0.3] {
                            var parameters = EstimatorParameters()
                            parameters.switchRate = 1 / switchInterval
                            parameters.evidenceRate = evidenceRate
                            parameters.sharpness = sharpness
                            parameters.enter = enter
                            parameters.leave = leave
                            parameters.margin = margin
                            candidates.append(parameters)
                        }
                    }
                }
            }
        }
        return candidates
    }()
}
