// SPDX-License-Identifier: GPL-3.0-or-later

/// What a stream may be, where one name would say too much.
package enum Alternatives {
    /// The least sum of the labels' published probabilities: with it, they hold the right label nine times in ten on music of
    /// artists that the model was not trained on.
    package static let coverage: Float = 0.9
    /// The most labels: a longer list says no more than that nothing is known.
    package static let most = 3

    /// The fewest labels that hold the right one nine times in ten, the most probable first.
    package static func labels(of probabilities: Span<Float>) -> [Int] {
        var result: [Int] = []
        result.reserveCapacity(most)
        var sum: Float = 0
        // Selected one by one, since this is done for every estimate of every source.
        while result.count < min(most, probabilities.count), sum < coverage {
            var best: (label: Int, probability: Float)?
            for label in probabilities.indices where !result.contains(label) {
                let probability = probabilities[label]
                if best.map({ probability > $0.probability }) ?? true { best = (label, probability) }
            }
            guard let best else { break }
            result.append(best.label)
            sum += best.probability
        }
        return result
    }
}
