// SPDX-License-Identifier: GPL-3.0-or-later

/// One drop: nothing on the first beat, kick and cross-stick together on the third; skank and bubble on the off-beats
/// above a melodic bass.
enum Reggae: Composer {
    static func score(seconds: Double, random: inout RandomSource) -> Score {
        // Counted in four, so that the skank falls on the second half of each beat.
        var score = Score(tempo: random.uniform(in: 68...82))
        score.swungUnit = 0.5
        score.swing = random.uniform(in: 0.02...0.10)
        score.mastering = [.peak(350, -3), .highShelf(6500, 8)]
        let bars = score.bars(filling: seconds)
        let tonic = random.integer(in: 0...11)
        let minor = random.chance(0.5)
        let loops: [[(Int, ChordKind)]] =
            minor
            ? [
                [(0, .minor), (5, .minor)], [(0, .minor), (10, .major)],
                [(0, .minor), (8, .major), (5, .minor), (7, .minor)],
            ]
            : [
                [(0, .major), (5, .major)], [(0, .major), (2, .minor)],
                [(0, .major), (7, .major), (9, .minor), (5, .major)],
            ]
        let changes = Changes(random.pick(loops).map { Chord(tonic + $0.0, $0.1) }, beatsPerChord: random.pick([2, 4]))
        let scale = minor ? Scale.minorPentatonic(tonic) : Scale.majorPentatonic(tonic)
        score.parts = [
            drums(bars, &random), bass(bars, changes, &random), skank(bars, changes), bubble(bars, changes),
            piano(bars, changes),
        ]
        score.parts += horns(bars, changes, scale, &random)
        return score
    }

    private static func drums(_ bars: [Bar], _ random: inout RandomSource) -> Part {
        var part = Part("drums", .drums(.standard), volume: 127, reverb: 36, looseness: 0.005, delay: 0.004)
        // Steppers (a kick on every beat) or one drop.
        let kick = random.chance(0.3) ? "X...X...X...X..." : "....X.......X..."
        for bar in bars {
            part.hit(.kick, kick, at: bar.start, velocity: 116)
            part.hit(.crossStick, "....X.......X...", at: bar.start, velocity: 112)
            part.hit(.snare, random.pick(["................", "..............o.", "..........o....."]), at: bar.start)
            part.hit(.closedHat, random.pick(["x.X.x.X.x.X.x.X.", "x.Xxx.X.x.X.xxX."]), at: bar.start, velocity: 92)
            if bar.index % 4 == 3 {
                part.hit(.openHat, "..............X.", at: bar.start, velocity: 88)
                part.hit(random.pick([.timbaleHigh, .tomHigh]), "........x.xx.x..", at: bar.start, velocity: 100)
            }
            if bar.index % 8 == 0 { part.play(.crash, at: bar.start, velocity: 84) }
            part.hit(.shaker, "x.o.x.o.x.o.x.o.", at: bar.start, velocity: 80)
            part.hit(.congaHigh, "......x..x......", at: bar.start, velocity: 70)
            part.hit(.congaLow, "..............xx", at: bar.start, velocity: 70)
        }
        return part
    }

    private static func bass(
        _ bars: [Bar], _ changes: Changes, _ random: inout RandomSource
    ) -> Part {
        var part = Part("bass", .instrument(.acousticBass), volume: 84, reverb: 4, looseness: 0.006, delay: 0.008)
        // Start, length and chord tone: 0 root, 1 third, 2 fifth, 3 octave.
        let figures: [[(Double, Double, Int)]] = [
            [(0, 0.7, 0), (0.75, 0.25, 0), (1, 0.5, 1), (1.5, 0.5, 2), (2.5, 0.5, 2), (3, 0.5, 1), (3.5, 0.5, 0)],
            [(0.5, 0.5, 0), (1, 0.5, 0), (1.5, 0.25, 2), (2, 0.7, 3), (3, 0.25, 2), (3.25, 0.25, 1), (3.5, 0.5, 0)],
            [(0, 0.5, 0), (0.5, 0.5, 0), (1.5, 0.5, 2), (2, 1, 0), (3.25, 0.25, 1), (3.5, 0.25, 2), (3.75, 0.25, 2)],
        ]
        let figure = random.pick(figures)
        for bar in bars {
            for (at, length, tone) in figure {
                let chord = changes.at(bar.start + at)
                let root = 28 + modulo(chord.root - 4, 12)
                let key: Int
                switch tone {
                case 1: key = nearestKey(chord.third, to: root + 4)
                case 2: key = nearestKey(chord.fifth, to: root + 7)
                case 3: key = root + 12
                default: key = root
                }
                part.play(key, at: bar.start + at, for: length * 0.92, velocity: 112)
            }
        }
        return part
    }

    private static func skank(_ bars: [Bar], _ changes: Changes) -> Part {
        var part = Part("guitar", .instrument(.mutedGuitar), volume: 104, pan: 30, reverb: 36, looseness: 0.004)
        var voicing = Voicing(range: 58...76, voices: 4)
        for bar in bars {
            for beat in 0..<4 {
                let at = bar.start + Double(beat) + 0.5
                part.strum(voicing.next(changes.at(at).pitchClasses), at: at, for: 0.13, velocity: 104, spread: 0.015)
            }
        }
        return part
    }

    /// The organ's bubble: the left hand plays between the beats, the right hand with the skank.
    private static func bubble(_ bars: [Bar], _ changes: Changes) -> Part {
        var part = Part("organ", .instrument(.rockOrgan), volume: 72, pan: 92, reverb: 30, chorus: 30)
        var high = Voicing(range: 60...77, voices: 3)
        var low = Voicing(range: 48...62, voices: 2)
        for bar in bars {
            for beat in 0..<4 {
                let at = bar.start + Double(beat)
                let chord = changes.at(at)
                part.strum(high.next(chord.pitchClasses), at: at + 0.5, for: 0.2, velocity: 92)
                let left = low.next(chord.pitchClasses)
                part.strum(left, at: at + 0.25, for: 0.18, velocity: 76)
                part.strum(left, at: at + 0.75, for: 0.18, velocity: 76)
            }
        }
        return part
    }

    private static func piano(_ bars: [Bar], _ changes: Changes) -> Part {
        var part = Part("piano", .instrument(.grandPiano), volume: 88, pan: 52, reverb: 30)
        var voicing = Voicing(range: 55...72, voices: 4)
        for bar in bars {
            for beat in 0..<4 {
                let at = bar.start + Double(beat) + 0.5
                part.strum(voicing.next(changes.at(at).pitchClasses), at: at, for: 0.22, velocity: 92)
            }
        }
        return part
    }

    /// Trumpet, saxophone and trombone in thirds, in riffs that leave room; an echo an eighth and a half later.
    private static func horns(
        _ bars: [Bar], _ changes: Changes, _ scale: Scale, _ random: inout RandomSource
    ) -> [Part] {
        var trumpet = Part("trumpet", .instrument(.trumpet), volume: 88, pan: 72, reverb: 70, delay: 0.015)
        var sax = Part("saxophone", .instrument(.tenorSax), volume: 88, pan: 80, reverb: 60, delay: 0.015)
        var melodica = Part("melodica", .instrument(.harmonica), volume: 92, pan: 56, reverb: 90)
        let rhythms: [[Double]] = [
            [0.5, 0.5, 1, -2], [-0.5, 0.5, 0.5, 0.5, 1, -1], [1, 0.5, 0.5, 0.5, -1.5], [-2, 0.5, 0.5, 1],
        ]
        var riff = Melodist(
            range: 62...79, rhythms: rhythms, form: [0, 1, 0, 2], leaps: 0.25, legato: 0.8, velocity: 96,
            random: &random)
        for bar in bars {
            for note in riff.bar(bar.index, at: bar.start, over: changes, in: { _ in scale }, random: &random) {
                if bar.index / 4 % 2 == 0 {
                    trumpet.play(note.key, at: note.start, for: note.length, velocity: note.velocity)
                    let tones = changes.at(note.start).pitchClasses.map { nearestKey($0, to: note.key - 5) }
                    let below = tones.filter { $0 < note.key }.max() ?? note.key - 12
                    sax.play(below, at: note.start, for: note.length, velocity: note.velocity - 4)
                } else {
                    melodica.play(note.key, at: note.start, for: note.length, velocity: note.velocity)
                    melodica.play(note.key, at: note.start + 0.75, for: note.length, velocity: note.velocity / 2)
                }
            }
        }
        return [trumpet, sax, melodica]
    }
}
