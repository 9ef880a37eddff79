// SPDX-License-Identifier: GPL-3.0-or-later

/// Distributes chords over the keyboard so that each follows smoothly from the previous one: common tones stay, the
/// others move little.
struct Voicing: Sendable {
    /// The range of the voices.
    let range: ClosedRange<Int>
    /// The number of voices. Pitch classes are doubled or omitted to match it.
    let voices: Int
    private var previous: [Int] = []

    init(range: ClosedRange<Int>, voices: Int) {
        self.range = range
        self.voices = voices
    }

    /// Returns the keys for a chord's pitch classes, ascending.
    mutating func next(_ pitchClasses: [Int]) -> [Int] {
        var wanted = pitchClasses
        while wanted.count < voices { wanted.append(pitchClasses[wanted.count % pitchClasses.count]) }
        let best = candidates(Array(wanted.prefix(voices))).min { cost($0) < cost($1) } ?? []
        previous = best
        return best
    }

    /// Returns every close and open position within the range: each rotation of the pitch classes, stacked upwards from
    /// each possible lowest key, with and without its second voice an octave higher.
    private func candidates(_ pitchClasses: [Int]) -> [[Int]] {
        var found: [[Int]] = []
        for rotation in pitchClasses.indices {
            let order = Array(pitchClasses[rotation...] + pitchClasses[..<rotation])
            for lowest in range where modulo(lowest, 12) == order[0] {
                var keys = [lowest]
                for pitchClass in order.dropFirst() {
                    let above = (keys.last ?? lowest) + 1
                    keys.append(above + modulo(pitchClass - above, 12))
                }
                found.append(keys)
                if keys.count > 3 {
                    var open = keys
                    open[1] += 12
                    found.append(open.sorted())
                }
            }
        }
        let inside = found.filter { $0.allSatisfy(range.contains) }
        return inside.isEmpty ? found : inside
    }

    private func cost(_ keys: [Int]) -> Int {
        guard previous.count == keys.count else {
            let centre = (range.lowerBound + range.upperBound) / 2
            return keys.reduce(0) { $0 + abs($1 - centre) }
        }
        let movement = zip(keys, previous).reduce(0) { $0 + abs($1.0 - $1.1) }
        return movement + (keys == previous ? 1 : 0) + 12 * parallels(keys)
    }

    /// Returns the number of pairs of voices that move in parallel fifths or octaves.
    private func parallels(_ keys: [Int]) -> Int {
        var count = 0
        for low in keys.indices {
            for high in keys.indices where high > low {
                let before = modulo(previous[high] - previous[low], 12)
                let after = modulo(keys[high] - keys[low], 12)
                if before == after, before == 0 || before == 7, keys[low] != previous[low] { count += 1 }
            }
        }
        return count
    }
}
