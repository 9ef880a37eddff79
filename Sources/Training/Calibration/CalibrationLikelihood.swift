// SPDX-License-Identifier: GPL-3.0-or-later

import COpenBLAS
import Foundation

/// The log-likelihood of held-out windows as a function of (1 / temperature, offsets / temperature), which is concave.
///
/// A prior keeps it from what little evidence would say too surely: it expects offsets about 0 and the factor about 1, and
/// weighs as much beside the evidence as one group beside the independent groups that there are.
struct CalibrationLikelihood {
    /// Every fourth window: neighbours overlap by nine tenths.
    private static let stride = 4
    /// How far from there the prior expects them. The folds of the shipped model are judged best with 0.7 to 1.
    private static let deviation = 0.7
    /// Logits that say nothing, or the contrary, have no temperature that makes sense.
    private static let factors = 0.3...3.3

    private let labels: Int
    /// [windows, labels].
    private var logits: [Double] = []
    private var truths: [Int] = []
    /// Their sum is 1.
    private var weights: [Double] = []
    /// Half the prior's precision, for an observation.
    private let reserve: Double
    /// [directions, 1 + labels]: what of the parameters can change. The mean of the offsets cannot: only
    /// differences of logits matter, and without it what else has no offset would have one.
    private let directions: [[Double]]

    /// - Parameter offsetting: the labels that get an offset.
    init(_ evidence: CalibrationSet, offsetting: Set<Int>) {
        labels = evidence.labels
        for clip in evidence.clips {
            let windows = Array(Swift.stride(from: 0, to: clip.output.windows, by: Self.stride))
            for window in windows {
                logits += clip.output.logits[(window * labels)..<((window + 1) * labels)].map(Double.init)
                truths.append(clip.output.label)
                weights.append(clip.weight / Double(windows.count))
            }
        }
        reserve = 1 / (2 * Self.deviation * Self.deviation * evidence.independentGroups)
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

    /// The parameters of the maximum: 1 / temperature, then of each label offset / temperature.
    func maximum() -> [Double] {
        var start = [Double](repeating: 0, count: 1 + labels)
        start[0] = 1
        let free = maximum(from: start, directions)
        guard !Self.factors.contains(free[0]) else { return free }
        start[0] = free[0] < 1 ? Self.factors.lowerBound : Self.factors.upperBound
        return maximum(from: start, Array(directions.dropFirst()))
    }

    /// Newton's method; a step is halved until it does not lead down.
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

    /// The mean negative log-likelihood and the prior's share.
    func loss(at point: [Double]) -> Double {
        var loss = prior(point)
        for (window, truth) in truths.enumerated() {
            let scores = scores(window, point)
            loss += weights[window] * (scores.logSum - scores.values[truth])
        }
        return loss
    }

    private func prior(_ point: [Double]) -> Double {
        reserve * point.enumerated().reduce(0) { $0 + pow($1.element - Self.centre($1.offset), 2) }
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
        var gradient = point.enumerated().map { 2 * reserve * ($1 - Self.centre($0)) }
        var hessian = [Double](repeating: 0, count: count * count)
        for parameter in 0..<count { hessian[parameter * count + parameter] = 2 * reserve }
        for (window, truth) in truths.enumerated() {
            let (values, logSum) = scores(window, point)
            let row = logits[(window * labels)..<((window + 1) * labels)]
            let shares = values.map { weights[window] * exp($0 - logSum) }
            let mean = zip(shares, row).reduce(0) { $0 + $1.0 * $1.1 } / weights[window]
            loss += weights[window] * (logSum - values[truth])
            gradient[0] += weights[window] * (mean - logits[window * labels + truth])
            gradient[1 + truth] -= weights[window]
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

    /// Newton's step within the directions: by Cholesky's decomposition (LAPACK's dposv), nil where it has none.
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
