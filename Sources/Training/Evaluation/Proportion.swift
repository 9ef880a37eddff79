// SPDX-License-Identifier: GPL-3.0-or-later

/// A proportion and its 95 % interval by Wilson (1927).
package struct Proportion: Codable, Sendable, Equatable {
    package var value: Double
    package var low: Double
    package var high: Double

    /// The proportion `hits` of `count`.
    ///
    /// - Parameter independent: the number of independent observations, if it is smaller than `count`.
    package init(hits: Int, count: Int, independent: Int? = nil) {
        let share = count == 0 ? 0 : Double(hits) / Double(count)
        let n = Double(max(1, independent ?? count))
        let z = 1.959964
        let centre = (share + z * z / (2 * n)) / (1 + z * z / n)
        let half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
        value = share
        low = max(0, centre - half)
        high = min(1, centre + half)
    }
}
