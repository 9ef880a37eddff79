// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Chance that is the same for the same seed, on every machine and with every Swift: SplitMix64 (Steele, Lea and
/// Flood 2014). Only what is defined here is drawn from it; the standard library's `random(in:using:)` may
/// change how it uses its generator.
struct RandomSource: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number in [0, 1).
    mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number in the range.
    mutating func uniform(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + uniform() * (range.upperBound - range.lowerBound)
    }

    /// A whole number in the range.
    mutating func integer(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(uniform() * Double(range.count))
    }

    /// True with this probability.
    mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

    /// One of the elements, of which there must be one.
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[integer(in: 0...elements.count - 1)]
    }

    /// A normal deviate of mean 0 and variance 1, by Box and Muller, held to ±3.
    mutating func gaussian() -> Double {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return min(max(radius * cos(2 * .pi * uniform()), -3), 3)
    }
}
