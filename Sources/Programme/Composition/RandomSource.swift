// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A random generator that gives the same numbers for the same seed on every machine and with every version of Swift:
/// SplitMix64 (Steele, Lea and Flood 2014). It has methods of its own, because the standard library's
/// `random(in:using:)` may change how it uses a generator.
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

    /// Returns a number in [0, 1).
    mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Returns a number in the range.
    mutating func uniform(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + uniform() * (range.upperBound - range.lowerBound)
    }

    /// Returns a whole number in the range.
    mutating func integer(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(uniform() * Double(range.count))
    }

    /// Returns true with the given probability.
    mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

    /// Returns one of the elements. There must be at least one.
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[integer(in: 0...elements.count - 1)]
    }

    /// Returns a normal deviate of mean 0 and variance 1 (Box and Muller), clamped to ±3.
    mutating func gaussian() -> Double {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return min(max(radius * cos(2 * .pi * uniform()), -3), 3)
    }
}
