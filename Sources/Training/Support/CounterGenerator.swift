// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A random number generator whose numbers depend only on seed, step, index and purpose.
///
/// It is SplitMix64 (Steele, Lea and Flood 2014), started at a hash of these. No generator is shared, so it does not matter
/// which thread prepares which window, and a run that is resumed at step n draws the same numbers as an uninterrupted one.
struct CounterGenerator: RandomNumberGenerator {
    enum Purpose: UInt64 {
        case initialisation, sample, mixup, dropout, standardisation, search, partners, style
    }

    private var state: UInt64

    init(seed: UInt64, step: Int = 0, index: Int = 0, purpose: Purpose) {
        state = seed
        for part in [purpose.rawValue, UInt64(bitPattern: Int64(step)), UInt64(bitPattern: Int64(index))] {
            state = Self.mix(state &+ 0x9E37_79B9_7F4A_7C15) ^ part
        }
        state = Self.mix(state)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// A uniform number in 0..<1.
    mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

    /// A uniform number between two bounds.
    mutating func uniform(_ low: Float, _ high: Float) -> Float { low + (high - low) * uniform() }

    /// A uniform index in 0..<count. Its bias of at most count / 2⁶⁴ is negligible.
    mutating func index(_ count: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(count)).high)
    }

    /// A uniform integer in a range.
    mutating func integer(_ range: Range<Int>) -> Int { range.lowerBound + index(range.count) }

    mutating func chance(_ probability: Float) -> Bool { uniform() < probability }

    /// A normal number with mean 0 and deviation 1 (Box-Muller).
    mutating func normal() -> Float {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return radius * cos(2 * .pi * uniform())
    }

    /// A nearly normal number with mean 0 and deviation 1: the sum of four uniform numbers, which is fast.
    mutating func roughlyNormal() -> Float {
        let bits = next()
        let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
        return (Float(sum) * (1 / 65536) - 2) * 1.7320508
    }

    /// A Beta(a, a) number for a in 0.01...1, by Jöhnk's method, which needs more tries the smaller a is.
    mutating func beta(_ a: Float) -> Float {
        while true {
            let x = pow(uniform(), 1 / a)
            let y = pow(uniform(), 1 / a)
            if x + y <= 1 && x + y > 0 { return x / (x + y) }
        }
    }

    /// An index, drawn with the probabilities that have these running sums. The last sum is the total.
    mutating func index(cumulative: [Float]) -> Int {
        let target = uniform() * (cumulative.last ?? 0)
        var (low, high) = (0, cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > target { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
