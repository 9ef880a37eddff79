// SPDX-License-Identifier: GPL-3.0-or-later

import COpenBLAS
import Foundation

/// The log-likelihood of held-out windows as a function of (1 / temperature, offsets / temperature), which is concave.
///
/// A normal prior with offsets around 0 and 1 / temperature around 1 prevents overfitting to few tracks. It counts as
/// much as one group of average weight.
struct CalibrationLikelihood {
    /// Every fourth window is used, since neighbouring windows overlap by nine tenths.
    private static let stride = 4
    /// Standard deviation of the prior. The folds of the shipped model have the best likelihood with 0.7 to 1.
    private static let deviation = 0.7
    /// Bounds of 1 / temperature, for logits that have no or negative correlation with the reference.
    private static let inverseTemperatures = 0.3...3.3

    private let labels: Int
    /// [windows, labels].
    private var logits: [Double] = []
    private var references: [Int] = []
    /// [windows]; the sum is 1.
    private var weights: [Double] = []
    /// Half the precision of the prior, relative to one observation.
    private let halfPrecision: Double
    /// [directions, 1 + labels]: the directions in which the parameters can change. The mean of the offsets is fixed, since
    /// only differences of logits matter: a free mean would act as an offset of the labels that have none.
    private let directions: [[Double]]

    /// - Parameter offsetting: the labels that get an offset.
    init(_ data: CalibrationSet, offsetting: Set<Int>) {
        labels = data.labels
        for clip in data.clips {
            let windows = Array(Swift.stride(from: 0, to: clip.output.windows, by: Self.stride))
            for window in windows {
                logits += clip.output.logits[(window * labels)..<((window + 1) * labels)].map(Double.init)
                references.append(clip.output.label)
                weights.append(clip.weight / Double(windows.count))
            }
        }
        halfPrecision = 1 / (2 * Self.deviation * Self.deviation * data.effectiveGroups)
        let none = [Double](repeating: 0, count: 1 + labels)
        var factor = none
        factor[0] = 1
        var directions = [factor]
        if let last = offsetting.max() {
            directions += offsetting.sorted().dropLast().map { label in
                var direction = none
                direction[1 + label] = 1
                direction[1 + last] = -1
                return direction
            }
        }
        self.directions = directions
    }

    /// The parameters at the maximum: 1 / temperature, then each label's offset / temperature.
    func maximum() -> [Double] {
        var start = [Double](repeating: 0, count: 1 + labels)
        start[0] = 1
        let free = maximum(from: start, directions)
        guard !Self.inverseTemperatures.contains(free[0]) else { return free }
        start[0] = free[0] < 1 ? Self.inverseTemperatures.lowerBound : Self.inverseTemperatures.upperBound
        return maximum(from: start, Array(directions.dropFirst()))
    }

    /// Newton's method. A step is halved until the loss does not increase.
    private func maximum(from start: [Double], _ directions: [[Double]]) -> [Double] {
        var point = start
        for _ in 0..<50 {
            let (here, gradient, hessian) = derivatives(at: point)
            guard let step = Self.solve(gradient, hessian, along: directions),
                step.contains(where: { abs($0) > 1e-7 }),
                let next = (0..<20).lazy.map({ halvings in
                    zip(point, step).map { $0 - $1 / Double(1 << halvings) }
                }).first(where: { loss(at: $0) <= here })
            else { break }
            point = next
        }
        return point
    }

    /// The mean negative log-likelihood, including the prior.
    func loss(at point: [Double]) -> Double {
        var loss = prior(point)
        for (window, reference) in references.enumerated() {
            let scores = scores(window, point)
            loss += weights[window] * (scores.logSum - scores.values[reference])
        }
        return loss
    }

    private func prior(_ point: [Double]) -> Double {
        halfPrecision * point.enumerated().reduce(0) { $0 + pow($1.element - Self.centre($1.offset), 2) }
    }

    private static func centre(_ parameter: Int) -> Double { parameter == 0 ? 1 : 0 }

    private func scores(_ window: Int, _ point: [Double]) -> (values: [Double], logSum: Double) {
        let values = (0..<labels).map { point[0] * logits[window * labels + $0] + point[1 + $0] }
        let largest = values.max() ?? 0
        return (values, log(values.reduce(0) { $0 + exp($1 - largest) }) + largest)
    }

    /// The loss with its gradient [1 + labels] and Hessian [1 + labels, 1 + labels].
    func derivatives(at point: [Double]) -> (loss: Double, gradient: [Double], hessian: [Double]) {
        let count = 1 + labels
        var loss = prior(point)
        var gradient = point.enumerated().map { 2 * halfPrecision * ($1 - Self.centre($0)) }
        var hessian = [Double](repeating: 0, count: count * count)
        for parameter in 0..<count { hessian[parameter * count + parameter] = 2 * halfPrecision }
        for (window, reference) in references.enumerated() {
            let (values, logSum) = scores(window, point)
            let row = logits[(window * labels)..<((window + 1) * labels)]
            let shares = values.map { weights[window] * exp($0 - logSum) }
            let mean = zip(shares, row).reduce(0) { $0 + $1.0 * $1.1 } / weights[window]
            loss += weights[window] * (logSum - values[reference])
            gradient[0] += weights[window] * (mean - logits[window * labels + reference])
            gradient[1 + reference] -= weights[window]
            for (label, logit) in row.enumerated() {
                let share = shares[label]
                gradient[1 + label] += share
                hessian[0] += share * (logit - mean) * logit
                hessian[1 + label] += share * (logit - mean)
                hessian[(1 + label) * count] += share * (logit - mean)
                hessian[(1 + label) * count + 1 + label] += share
                for other in 0..<labels {
                    hessian[(1 + label) * count + 1 + other] -= share * shares[other] / weights[window]
                }
            }
        }
        return (loss, gradient, hessian)
    }

    /// Computes Newton's step within the directions by Cholesky decomposition (LAPACK's dposv); nil if there is none.
    private static func solve(_ gradient: [Double], _ hessian: [Double], along directions: [[Double]]) -> [Double]? {
        guard !directions.isEmpty else { return nil }
        let count = gradient.count
        func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        let images = directions.map { direction in
            (0..<count).map { product(Array(hessian[($0 * count)..<(($0 + 1) * count)]), direction) }
        }
        var matrix = directions.flatMap { direction in images.map { product(direction, $0) } }
        var vector = directions.map { product($0, gradient) }
        var (order, columns, info) = (Int32(directions.count), Int32(1), Int32(0))
        var triangle = CChar(UInt8(ascii: "L"))
        dposv_(&triangle, &order, &columns, &matrix, &order, &vector, &order, &info, 1)
        guard info == 0, vector.allSatisfy(\.isFinite) else { return nil }
        return (0..<count).map { parameter in
            zip(vector, directions).reduce(0) { $0 + $1.0 * $1.1[parameter] }
        }
    }
}
