// SPDX-License-Identifier: GPL-3.0-or-later

/// Invents melodies from a few short motifs (a rhythm and a shape). The motifs return over changing chords, with chord
/// tones on the strong beats and mostly steps in between.
struct Melodist: Sendable {
    /// The rhythm of a bar, and the distance of each note from the previous one, in steps of the scale.
    private struct Motif: Sendable {
        /// Lengths in beats; a negative length is a rest.
        let rhythm: [Double]
        let moves: [Int]
    }

    let range: ClosedRange<Int>
    /// The share of a note's length during which it sounds.
    let legato: Double
    let velocity: Int
    private let motifs: [Motif]
    private let form: [Int]
    private var key: Int

    /// - Parameters:
    ///   - rhythms: Bars to choose from, each a list of lengths in beats; a negative length is a rest.
    ///   - form: The motif of each bar, repeated, such as `[0, 1, 0, 2]`.
    ///   - leaps: The probability of a leap instead of a step, 0 to 1.
    init(
        range: ClosedRange<Int>, rhythms: [[Double]], form: [Int] = [0, 1, 0, 2], leaps: Double = 0.2,
        legato: Double = 0.95, velocity: Int = 95, random: inout RandomSource
    ) {
        self.range = range
        self.legato = legato
        self.velocity = velocity
        self.form = form
        key = (range.lowerBound + range.upperBound) / 2
        var made: [Motif] = []
        for _ in 0...(form.max() ?? 0) {
            let rhythm = random.pick(rhythms)
            var direction = random.chance(0.5) ? 1 : -1
            var moves: [Int] = []
            for _ in rhythm {
                // Three times out of four, the line keeps its direction.
                if random.chance(0.25) { direction = -direction }
                moves.append(direction * (random.chance(leaps) ? random.integer(in: 2...4) : 1))
            }
            made.append(Motif(rhythm: rhythm, moves: moves))
        }
        motifs = made
    }

    /// Returns the notes of bar `index`, which begins at beat `start`.
    mutating func bar(
        _ index: Int, at start: Double, over changes: Changes, in scale: (Chord) -> Scale = Scale.over,
        random: inout RandomSource
    ) -> [Note] {
        let motif = motifs[form[index % form.count]]
        var notes: [Note] = []
        var beat = start
        for (length, move) in zip(motif.rhythm, motif.moves) {
            defer { beat += abs(length) }
            guard length > 0 else { continue }
            let chord = changes.at(beat)
            advance(by: move, in: scale(chord))
            let isStrong = (beat - start).truncatingRemainder(dividingBy: 2) < 0.01 || length >= 1
            if isStrong { settle(on: chord) }
            let accent = isStrong ? 6 : random.integer(in: -8...2)
            notes.append(Note(start: beat, length: length * legato, key: key, velocity: velocity + accent))
        }
        return notes
    }

    private mutating func advance(by move: Int, in scale: Scale) {
        let keys = scale.keys(in: range)
        guard let nearest = keys.indices.min(by: { abs(keys[$0] - key) < abs(keys[$1] - key) }) else { return }
        var index = nearest + move
        // A line that would leave its range turns back.
        if index >= keys.count { index = max(0, nearest - abs(move)) }
        if index < 0 { index = min(keys.count - 1, nearest + abs(move)) }
        key = keys[index]
    }

    private mutating func settle(on chord: Chord) {
        let tones = chord.pitchClasses.map { nearestKey($0, to: key) }.filter(range.contains)
        if let tone = tones.min(by: { abs($0 - key) < abs($1 - key) }) { key = tone }
    }
}
