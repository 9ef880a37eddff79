// SPDX-License-Identifier: GPL-3.0-or-later

/// A small swing group: ride and brushes, a walking bass, a piano that comps rootless ninths, and soloists.
enum Jazz: Composer {
    static func score(seconds: Double, random: inout RandomSource) -> Score {
        var score = Score(tempo: random.uniform(in: 124...176))
        score.swing = random.uniform(in: 0.10...0.16)
        score.mastering = [.peak(1000, 4), .peak(2400, -4, quality: 1)]
        let bars = score.bars(filling: seconds)
        let changes = progression(&random)
        score.parts = [
            drums(bars, &random), walkingBass(bars, changes, &random), piano(bars, changes, &random),
        ]
        score.parts += soloists(bars, changes, &random)
        return score
    }

    /// Thirty-two bars of ii–V–I in a major or minor key, with the usual turnarounds.
    private static func progression(_ random: inout RandomSource) -> Changes {
        let key = random.integer(in: 0...11)
        func two(_ tonic: Int) -> [Chord] { [Chord(tonic + 2, .minorNinth), Chord(tonic + 7, .thirteenth)] }
        func home(_ tonic: Int) -> [Chord] { [Chord(tonic, .majorNinth), Chord(tonic + 9, .dominantNinth)] }
        func dark(_ tonic: Int) -> [Chord] { [Chord(tonic + 2, .halfDiminished), Chord(tonic + 7, .sharpNinth)] }
        let opening = random.chance(0.5) ? home(key) + two(key) : two(key) + home(key)
        let away = random.pick([5, 8, 3])
        let theme = opening + opening + two(key + away) + [Chord(key + away, .majorNinth), Chord(key + away, .sixth)]
        let turn = two(key) + home(key)
        let bridge =
            dark(key + 9) + [Chord(key + 9, .minorNinth), Chord(key + 9, .minorSixth)] + two(key + 5) + two(key)
        return Changes(theme + turn + bridge + turn, beatsPerChord: random.pick([2, 4]))
    }

    private static func drums(_ bars: [Bar], _ random: inout RandomSource) -> Part {
        var part = Part("drums", .drums(.jazz), volume: 88, reverb: 30, looseness: 0.005)
        for bar in bars {
            let start = bar.start
            part.hit(.ride, random.pick(["x.X.x.X.", "x.Xxx.Xx", "x.Xxx.Xx", "x.X.x.Xx"]), at: start, velocity: 92)
            part.hit(.pedalHat, "..x...x.", at: start, velocity: 88)
            part.hit(.acousticKick, "o.o.o.o.", at: start, velocity: 66)
            part.hit(
                .snare, random.pick(["........", "...o....", ".....o..", ".o.....x", "...o.x.."]), at: start,
                velocity: 74)
            if bar.index % 8 == 7 {
                part.hit(.snare, "....xxXx", at: start, velocity: 90)
                part.hit(.tomMiddle, "......x.", at: start, velocity: 84)
            }
            if bar.index % 8 == 0 { part.play(.crash, at: start, velocity: 64) }
        }
        return part
    }

    /// Quarter notes: the root on the first beat of a chord, then chord and scale tones, and a step into the next.
    private static func walkingBass(
        _ bars: [Bar], _ changes: Changes, _ random: inout RandomSource
    ) -> Part {
        var part = Part("bass", .instrument(.acousticBass), volume: 112, reverb: 20, looseness: 0.006)
        var key = 38
        for bar in bars {
            for beat in 0..<4 {
                let at = bar.start + Double(beat)
                let chord = changes.at(at)
                let next = changes.at(at + 1)
                if at.truncatingRemainder(dividingBy: changes.beatsPerChord) == 0 {
                    key = nearestKey(chord.root, to: key)
                } else if next != chord {
                    let target = nearestKey(next.root, to: key)
                    key = target + (random.chance(0.6) ? (target > key ? -1 : 1) : (random.chance(0.5) ? 2 : -2))
                } else {
                    let tones = chord.pitchClasses.map { nearestKey($0, to: key + random.pick([-4, 4])) }
                    key = random.pick(tones.filter { $0 != key })
                }
                while key < 28 { key += 12 }
                while key > 50 { key -= 12 }
                part.play(key, at: at, for: 0.92, velocity: beat % 2 == 0 ? 96 : 104)
                if random.chance(0.08) { part.play(key, at: at + 0.5, for: 0.3, velocity: 72) }
            }
        }
        return part
    }

    private static func piano(
        _ bars: [Bar], _ changes: Changes, _ random: inout RandomSource
    ) -> Part {
        var part = Part("piano", .instrument(.grandPiano), volume: 88, pan: 44, reverb: 40, looseness: 0.008)
        var voicing = Voicing(range: 52...74, voices: 4)
        for bar in bars {
            let hits = random.pick([[0, 1.5], [0.5, 2.5], [1.5, 3.5], [0, 2.5], [1.5, 2.5, 3.5], [0, 1.5, 3]])
            for hit in hits {
                // A chord just before a change anticipates the next one.
                let chord = changes.at(bar.start + hit + (hit.truncatingRemainder(dividingBy: 1) > 0 ? 0.5 : 0))
                let keys = voicing.next(chord.rootlessPitchClasses)
                let length = random.chance(0.6) ? 0.4 : 1.2
                part.strum(keys, at: bar.start + hit, for: length, velocity: random.integer(in: 68...86))
            }
        }
        return part
    }

    /// Solos of eight bars in turn: tenor, trumpet, vibraphone, piano; the seed chooses how many.
    private static func soloists(
        _ bars: [Bar], _ changes: Changes, _ random: inout RandomSource
    ) -> [Part] {
        let rhythms: [[Double]] = [
            [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5], [-0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1],
            [1.5, 0.5, 0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 1, -0.5, 0.5, 0.5, 0.5], [0.5, 1, 0.5, 0.5, 0.5, -1],
            [-1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5], [0.33, 0.33, 0.34, 0.5, 0.5, 0.5, 0.5, 1],
        ]
        let seats: [(String, Instrument, ClosedRange<Int>)] = [
            ("tenor", .tenorSax, 50...74), ("trumpet", .trumpet, 58...81), ("alto", .altoSax, 55...79),
        ]
        let first = random.integer(in: 0...seats.count - 1)
        return [0, 1].map { turn in
            let (name, instrument, range) = seats[(first + turn) % seats.count]
            var part = Part(name, .instrument(instrument), volume: 100, pan: turn == 0 ? 76 : 56, reverb: 50)
            part.delay = 0.012
            var melodist = Melodist(
                range: range, rhythms: rhythms, form: [0, 1, 2, 3, 0, 2, 1, 4], leaps: 0.3, legato: 0.92, velocity: 96,
                random: &random)
            for bar in bars where bar.index / 8 % 2 == turn {
                for note in melodist.bar(bar.index, at: bar.start, over: changes, random: &random) {
                    part.play(note.key, at: note.start, for: note.length, velocity: note.velocity)
                    if note.length > 0.9, random.chance(0.5) {
                        part.bend(from: -0.6, to: 0, at: note.start, over: 0.2)
                    }
                }
            }
            return part
        }
    }
}
