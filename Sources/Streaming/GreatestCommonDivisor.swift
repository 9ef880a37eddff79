// SPDX-License-Identifier: GPL-3.0-or-later

/// The greatest common divisor of two numbers that are not both 0, by Euclid's algorithm.
func greatestCommonDivisor(_ one: Int, _ other: Int) -> Int {
    var (one, other) = (one, other)
    while other != 0 { (one, other) = (other, one % other) }
    return one
}
