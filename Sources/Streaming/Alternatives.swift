// SPDX-License-Identifier: GPL-3.0-or-later

/// What a stream may be, where one name would say too much.
package enum Alternatives {
    /// The least sum of the labels' published probabilities: with it, they hold the right label nine times in ten on music of
    /// artists that the model was not trained on.
    package static let coverage: Float = 0.9
    /// The most labels: a longer list says no more than that nothing is known.
    package static let most = 3

    /// The fewest labels that hold the right one nine times in ten, the most probable first.
    package static func labels(of probabilities: some RandomAccessCollection<Float>) -> [Int] {
        let sorted = probabilities.enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }
        var result: [Int] = []
        var sum: Float = 0
        for (label, probability) in sorted.prefix(most) {
            result.append(label)
            sum += probability
            if sum >= coverage { break }
        }
        return result
    }
}
