// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CKernels

/// The power of a hop of samples without their slow movements (`Trends`), so that nothing inaudible makes or hides
/// silence. The samples stay as they are: the front end is a contract.
struct AudiblePower: Sendable {
    private let count: Int
    /// [degree + 1, count]: the trends.
    private let trends: [Float]
    /// The first trend's value, which is the same everywhere.
    private let constant: Float

    /// - Parameter count: samples of a hop.
    init(count: Int) {
        self.count = count
        trends = Trends.basis(count: count).flatMap { $0.map(Float.init) }
        constant = trends[0]
    }

    /// The mean square of `count` samples without their trends, full scale = 1. Neither allocates nor locks.
    func of(_ samples: UnsafePointer<Float>) -> Float {
        var shares = SIMD4<Float>()
        withUnsafeMutableBytes(of: &shares) { bytes in
            genred_multiply(
                trends, samples, Trends.degree + 1, count, bytes.assumingMemoryBound(to: Float.self).baseAddress)
        }
        // The mean goes first: a sum of squares of a large offset would drown the rest.
        let mean = shares[0] * constant
        // In lanes, because a single sum's order would allow only one addition at a time.
        var sums = SIMD16<Float>(repeating: 0)
        var index = 0
        while index + sums.scalarCount <= count {
            let values = UnsafeRawPointer(samples + index).loadUnaligned(as: SIMD16<Float>.self) - mean
            sums += values * values
            index += sums.scalarCount
        }
        var sum = sums.sum()
        while index < count {
            sum += (samples[index] - mean) * (samples[index] - mean)
            index += 1
        }
        shares[0] = 0
        return max(0, sum - (shares * shares).sum()) / Float(count)
    }
}
