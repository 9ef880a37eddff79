// SPDX-License-Identifier: GPL-3.0-or-later

/// Of two numbers that are not both 0 (Euclid).
func greatestCommonDivisor(_ one: Int, _ other: Int) -> Int {
    var (one, other) = (one, other)
    while other != 0 { (one, other) = (other, one % other) }
    return one
}
