// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Random numbers that are a function of where they are used: of seed, step, sample and purpose, and of nothing else.
///
/// SplitMix64 (Steele, Lea and Flood 2014) started at a hash of these. Since no generator is shared, it does not matter
/// which thread prepares which sample, and a run that is resumed at step n draws what the uninterrupted one did.
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

    /// Uniform in 0..<1.
    mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

    /// Uniform between two bounds.
    mutating func uniform(_ low: Float, _ high: Float) -> Float { low + (high - low) * uniform() }

    /// Uniform in 0..<count; the bias of at most count / 2⁶⁴ does not matter here.
    mutating func index(_ count: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(count)).high)
    }

    /// Uniform in a range of integers.
    mutating func integer(_ range: Range<Int>) -> Int { range.lowerBound + index(range.count) }

    mutating func chance(_ probability: Float) -> Bool { uniform() < probability }

    /// Mean 0, deviation 1: Box and Muller.
    mutating func normal() -> Float {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return radius * cos(2 * .pi * uniform())
    }

    /// Nearly normal, mean 0, deviation 1, and quick: the sum of four uniform numbers.
    mutating func roughlyNormal() -> Float {
        let bits = next()
        let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
        return (Float(sum) * (1 / 65536) - 2) * 1.7320508
    }

    /// Beta(a, a) for a in 0.01...1, by Jöhnk's method, which takes ever more tries for smaller ones.
    mutating func beta(_ a: Float) -> Float {
        while true {
            let x = pow(uniform(), 1 / a)
            let y = pow(uniform(), 1 / a)
            if x + y <= 1 && x + y > 0 { return x / (x + y) }
        }
    }

    /// An index drawn with the probabilities whose running sums are given; the last one is their total.
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
