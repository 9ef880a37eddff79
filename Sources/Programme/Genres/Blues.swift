// SPDX-License-Identifier: GPL-3.0-or-later

/// A twelve-bar country blues: a guitar that walks a shuffle on the low strings, a second one that answers with bent
/// notes, a piano, a harmonica, and a foot that keeps time.
enum Blues: Composer {
    static func score(seconds: Double, random: inout RandomSource) -> Score {
        var score = Score(tempo: random.uniform(in: 84...116))
        score.swing = 1.0 / 6
        let bars = score.bars(filling: seconds)
        let tonic = random.pick([4, 9, 7, 0, 2])
        let quick = random.chance(0.5) ? 5 : 0
        let form = [0, quick, 0, 0, 5, 5, 0, 0, 7, 5, 0, 7]
        let changes = Changes(form.map { Chord(tonic + $0, .dominantSeventh) })
        score.parts = [foot(bars), rhythm(bars, changes, &random), piano(bars, changes, &random)]
        score.parts += leads(bars, changes, tonic, &random)
        return score
    }

    /// A shoe on the floor: each beat, the second and fourth a little stronger.
    private static func foot(_ bars: [Bar]) -> Part {
        var part = Part("foot", .drums(.room), volume: 100, reverb: 30, looseness: 0.008)
        for bar in bars { part.hit(.acousticKick, "xXxX", at: bar.start, velocity: 80) }
        return part
    }

    /// The shuffle figure on two strings: fifth, sixth, seventh, sixth over the root; at the end of a line, the chord.
    private static func rhythm(
        _ bars: [Bar], _ changes: Changes, _ random: inout RandomSource
    ) -> Part {
        var part = Part("guitar", .instrument(.steelGuitar), volume: 110, pan: 50, reverb: 30, looseness: 0.008)
        for bar in bars {
            let chord = changes.at(bar.start)
            let root = 40 + modulo(chord.root - 4, 12)
            for (beat, interval) in [7, 9, 10, 9].enumerated() {
                for half in [0.0, 0.5] {
                    let at = bar.start + Double(beat) + half
                    part.strum(
                        [root, root + interval], at: at, for: 0.3, velocity: half == 0 ? 108 : 80, spread: 0.02)
                }
                if random.chance(0.25) {
                    let high = chord.pitchClasses.map { nearestKey($0, to: 62) }
                    part.strum(high, at: bar.start + Double(beat) + 0.5, for: 0.4, velocity: 84, spread: -0.04)
                }
            }
        }
        return part
    }

    /// A left hand in sixths and sevenths, a right hand of two or three notes that comes and goes.
    private static func piano(
        _ bars: [Bar], _ changes: Changes, _ random: inout RandomSource
    ) -> Part {
        var part = Part("piano", .instrument(.honkyTonkPiano), volume: 96, pan: 84, reverb: 30, looseness: 0.008)
        var voicing = Voicing(range: 55...76, voices: 3)
        for bar in bars {
            let keys = voicing.next(changes.at(bar.start).rootlessPitchClasses)
            for hit in random.pick([[0.5, 1.5, 2.5, 3.5], [1, 1.5, 3, 3.5], [0, 1.5, 2.5], [1.5, 3.5]]) {
                part.strum(keys, at: bar.start + hit, for: 0.3, velocity: 88)
            }
            if bar.index % 4 == 3 {
                // Triplets on one high chord.
                for triplet in 0..<6 {
                    part.strum(keys.map { $0 + 12 }, at: bar.start + 2 + Double(triplet) / 3, for: 0.25, velocity: 88)
                }
            }
        }
        return part
    }

    /// Guitar and harmonica in turns: two bars are left empty for a singer, two answer.
    private static func leads(
        _ bars: [Bar], _ changes: Changes, _ tonic: Int, _ random: inout RandomSource
    ) -> [Part] {
        let rhythms: [[Double]] = [
            [0.5, 0.5, 0.5, 0.5, 1.5, -0.5], [-0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1], [1, 0.5, 0.5, 2],
            [0.34, 0.33, 0.33, 1, 0.5, 0.5, 1], [0.5, 1, 0.5, 1, -1], [2, 0.5, 0.5, 1],
        ]
        let scale = Scale.blues(tonic)
        let seats: [(String, Instrument, ClosedRange<Int>, Int, Int)] = [
            ("second guitar", .cleanGuitar, 59...79, 72, 44), ("harmonica", .harmonica, 60...81, 64, 72),
        ]
        return seats.enumerated().map { turn, seat in
            let (name, instrument, range, volume, pan) = seat
            var part = Part(name, .instrument(instrument), volume: volume, pan: pan, reverb: 60, looseness: 0.014)
            part.delay = 0.01
            var melodist = Melodist(
                range: range, rhythms: rhythms, form: [0, 1, 0, 2, 3, 1], leaps: 0.25, velocity: 104, random: &random)
            for bar in bars where bar.index / 4 % 2 == turn && bar.index % 4 >= 2 {
                for note in melodist.bar(bar.index, at: bar.start, over: changes, in: { _ in scale }, random: &random) {
                    part.play(note.key, at: note.start, for: note.length, velocity: note.velocity)
                    if note.length >= 1 {
                        part.bend(from: random.pick([-2, -1]), to: 0, at: note.start, over: 0.3)
                        part.set(.modulation, 70, at: note.start + 0.4)
                        part.set(.modulation, 0, at: note.start + note.length)
                    }
                }
            }
            return part
        }
    }
}
