// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// AdamW (Loshchilov and Hutter 2019) with gradient clipping, and an exponential moving average of the weights. The average
/// is the model that is validated and shipped.
struct Optimizer {
    /// First and second moments of the gradient.
    var firstMoment: [Float]
    var secondMoment: [Float]
    /// Averages of the parameters and of batch normalisation's running statistics.
    var average: [Float]
    var averageRunning: RunningStatistics

    private let decayed: [Range<Int>]

    static let decayRates: (first: Double, second: Double) = (0.9, 0.99)
    static let epsilon: Float = 1e-8

    init(shape: NetworkShape, parameters: [Float], running: RunningStatistics) {
        firstMoment = [Float](repeating: 0, count: shape.count)
        secondMoment = firstMoment
        average = parameters
        averageRunning = running
        decayed = shape.decayed
    }

    /// Makes one step; `step` counts from 0.
    mutating func update(
        _ network: TrainingNetwork, step: Int, rate: Double, configuration: TrainingConfiguration
    ) {
        let gradient = network.gradient.pointer
        let count = network.shape.count
        var squares = 0.0
        for index in 0..<count { squares += Double(gradient[index] * gradient[index]) }
        let norm = squares.squareRoot()
        let clip = norm > configuration.gradientNorm ? Float(configuration.gradientNorm / norm) : 1

        let keep = Float(1 - rate * configuration.weightDecay)
        for range in decayed {
            for index in range { network.parameters[index] *= keep }
        }
        let (beta1, beta2) = (Float(Self.decayRates.first), Float(Self.decayRates.second))
        let correction1 = 1 - pow(Self.decayRates.first, Double(step + 1))
        let correction2 = Float((1 - pow(Self.decayRates.second, Double(step + 1))).squareRoot())
        let size = Float(rate / correction1)
        // First an average over all steps, then over about the last 1 / (1 - averaging).
        let averaging = Float(min(configuration.averaging, Double(step + 1) / Double(step + 10)))
        firstMoment.withUnsafeMutableBufferPointer { first in
            secondMoment.withUnsafeMutableBufferPointer { second in
                average.withUnsafeMutableBufferPointer { average in
                    network.parameters.withUnsafeMutableBufferPointer { parameters in
                        for index in 0..<count {
                            let slope = gradient[index] * clip
                            first[index] = beta1 * first[index] + (1 - beta1) * slope
                            second[index] = beta2 * second[index] + (1 - beta2) * slope * slope
                            let deviation = second[index].squareRoot() / correction2 + Self.epsilon
                            parameters[index] -= size * first[index] / deviation
                            average[index] = averaging * average[index] + (1 - averaging) * parameters[index]
                        }
                    }
                }
            }
        }
        for index in averageRunning.values.indices {
            averageRunning.values[index] =
                averaging * averageRunning.values[index] + (1 - averaging) * network.running.values[index]
        }
    }
}
