// SPDX-License-Identifier: GPL-3.0-or-later

/// The order in which a stream plays its clips.
package enum StreamOrder {
    /// A random order in which neighbours have different genres, as far as possible.
    package static func apart(_ names: [TrackName], seed: UInt64) -> [TrackName] {
        var generator = CounterGenerator(seed: seed, purpose: .sample)
        var left = names.sorted().shuffled(using: &generator)
        var result: [TrackName] = []
        while !left.isEmpty {
            let counts = Dictionary(grouping: left, by: \.genre).mapValues(\.count)
            // A genre with half of the remaining tracks must come next, or its tracks would be neighbours at the end.
            let pressing = counts.filter { $0.value * 2 >= left.count && $0.key != result.last?.genre }.keys.min()
            let next = left.firstIndex { name in
                name.genre != result.last?.genre && (pressing == nil || name.genre == pressing)
            }
            result.append(left.remove(at: next ?? 0))
        }
        return result
    }
}
