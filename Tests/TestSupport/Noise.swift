// SPDX-License-Identifier: GPL-3.0-or-later

/// White noise, loud enough not to count as silence.
package func noise(seconds: Double, rate: Int = 22_050, seed: UInt64 = 1) -> [Float] {
    var generator = SplitMix(state: seed)
    return (0..<Int(seconds * Double(rate))).map { _ in Float.random(in: -0.3...0.3, using: &generator) }
}
