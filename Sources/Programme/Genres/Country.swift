// SPDX-License-Identifier: GPL-3.0-or-later

/// Boom-chick: an acoustic guitar and a bass in root and fifth, a train beat, and fiddle, banjo, steel and piano.
enum Country: Composer {
    static func score(seconds: Double, random: inout RandomSource) -> Score {
        var score = Score(tempo: random.uniform(in: 104...132))
        score.swing = random.uniform(in: 0...0.05)
        score.mastering = [.peak(800, -4), .peak(2600, 1.5), .highShelf(8500, 5)]
        let bars = score.bars(filling: seconds)
        let tonic = random.pick([7, 2, 0, 9, 4])
        let changes = progression(tonic, &random)
        score.parts = [
            drums(bars, &random), bass(bars, changes, &random), acoustic(bars, changes), banjo(bars, changes, &random),
            piano(bars, changes), steel(bars, changes, &random),
        ]
        score.parts += leads(bars, changes, Scale.major(tonic), &random)
        return score
    }

    private static func progression(_ tonic: Int, _ random: inout RandomSource) -> Changes {
        let forms = [
            [0, 0, 5, 0, 0, 0, 7, 7, 0, 0, 5, 0, 0, 7, 0, 0], [0, 0, 5, 5, 0, 0, 7, 7, 0, 0, 5, 5, 0, 7, 0, 0],
            [0, 5, 0, 7, 0, 5, 7, 0], [0, 0, 7, 7, 7, 7, 0, 0, 0, 0, 5, 5, 0, 7, 0, 0],
        ]
        return Changes(random.pick(forms).map { Chord(tonic + $0, $0 == 7 ? .dominantSeventh : .major) })
    }

    private static func drums(_ bars: [Bar], _ random: inout RandomSource) -> Part {
        var part = Part("drums", .drums(.brush), volume: 96, reverb: 24, looseness: 0.005)
        for bar in bars {
            part.hit(.kick, "X.......X.......", at: bar.start, velocity: 100)
            part.hit(.snare, "o.oox.oxo.oox.ox", at: bar.start, velocity: 88)
            part.hit(.closedHat, "x.x.x.x.x.x.x.x.", at: bar.start, velocity: 66)
            if bar.index % 8 == 7 { part.hit(.snare, "........xxXxXxXX", at: bar.start, velocity: 96) }
        }
        return part
    }

    private static func bass(
        _ bars: [Bar], _ changes: Changes, _ random: inout RandomSource
    ) -> Part {
        var part = Part("bass", .instrument(.acousticBass), volume: 110, reverb: 10, looseness: 0.005)
        for bar in bars {
            let chord = changes.at(bar.start)
            let next = changes.at(bar.start + 4)
            let root = 28 + modulo(chord.root - 4, 12)
            part.play(root, at: bar.start, for: 0.9, velocity: 106)
            if next != chord {
                // A run of three notes into the next chord.
                let target = nearestKey(next.root, to: root)
                let side = target > root ? -1 : 1
                part.play(target + 4 * side, at: bar.start + 2, for: 0.9, velocity: 100)
                part.play(target + 2 * side, at: bar.start + 3, for: 0.9, velocity: 100)
            } else {
                part.play(nearestKey(chord.fifth, to: root), at: bar.start + 2, for: 0.9, velocity: 100)
            }
        }
        return part
    }

    private static func acoustic(_ bars: [Bar], _ changes: Changes) -> Part {
        var part = Part(
            "acoustic guitar", .instrument(.steelGuitar), volume: 104, pan: 34, reverb: 24, looseness: 0.005)
        var voicing = Voicing(range: 50...71, voices: 5)
        for bar in bars {
            let chord = changes.at(bar.start)
            let keys = voicing.next(chord.pitchClasses)
            let root = 40 + modulo(chord.root - 4, 12)
            for half in 0..<2 {
                let at = bar.start + Double(half) * 2
                part.play(half == 0 ? root : nearestKey(chord.fifth, to: root), at: at, for: 0.9, velocity: 98)
                part.strum(keys, at: at + 1, for: 0.45, velocity: 92, spread: 0.05)
                part.strum(Array(keys.suffix(3)), at: at + 1.5, for: 0.4, velocity: 72, spread: -0.04)
                if half == 1 { part.strum(keys, at: at + 0.5, for: 0.4, velocity: 66, spread: -0.04) }
            }
        }
        return part
    }

    /// A banjo: rolls in eighths across the chord, with the fifth string as a drone.
    private static func banjo(
        _ bars: [Bar], _ changes: Changes, _ random: inout RandomSource
    ) -> Part {
        var part = Part("banjo", .instrument(.banjo), volume: 84, pan: 98, reverb: 20, looseness: 0.006)
        let rolls = [[0, 1, 2, 3, 0, 1, 2, 3], [0, 1, 3, 0, 1, 3, 0, 1], [2, 1, 3, 2, 1, 3, 2, 3]]
        for bar in bars {
            let chord = changes.at(bar.start)
            let strings = [
                nearestKey(chord.root, to: 55), nearestKey(chord.third, to: 59), nearestKey(chord.fifth, to: 62), 67,
            ]
            let roll = random.pick(rolls)
            for sixteenth in 0..<16 where bar.index / 8 % 2 == 0 || sixteenth % 2 == 0 {
                let key = strings[roll[sixteenth % 8]]
                let velocity = sixteenth % 4 == 0 ? 96 : 80
                part.play(key, at: bar.start + Double(sixteenth) * 0.25, for: 0.3, velocity: velocity)
            }
        }
        return part
    }

    private static func piano(_ bars: [Bar], _ changes: Changes) -> Part {
        var part = Part("piano", .instrument(.honkyTonkPiano), volume: 70, pan: 80, reverb: 30, looseness: 0.007)
        var voicing = Voicing(range: 60...79, voices: 3)
        for bar in bars {
            let keys = voicing.next(changes.at(bar.start).pitchClasses)
            for beat in [1.0, 3.0] { part.strum(keys, at: bar.start + beat, for: 0.4, velocity: 80) }
        }
        return part
    }

    /// A pedal steel: two or three notes with a swell; the pedal bends one of them up to its pitch.
    private static func steel(
        _ bars: [Bar], _ changes: Changes, _ random: inout RandomSource
    ) -> Part {
        var part = Part("pedal steel", .instrument(.cleanGuitar), volume: 96, pan: 52, reverb: 60, chorus: 30)
        var voicing = Voicing(range: 62...79, voices: 3)
        for bar in bars where bar.index % 2 == 0 || random.chance(0.4) {
            let keys = voicing.next(changes.at(bar.start).pitchClasses)
            let at = bar.start + (random.chance(0.5) ? 0 : 0.5)
            part.strum(keys, at: at, for: 3.2, velocity: 88, spread: 0.06)
            part.swell(from: 70, to: 120, at: at, over: 1)
            part.bend(from: -2, to: 0, at: at + random.pick([0.1, 0.5]), over: 0.4)
            part.set(.modulation, 40, at: at + 1)
        }
        return part
    }

    /// Fiddle and electric guitar, taking turns of eight bars.
    private static func leads(
        _ bars: [Bar], _ changes: Changes, _ scale: Scale, _ random: inout RandomSource
    ) -> [Part] {
        let rhythms: [[Double]] = [
            [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5], [1, 0.5, 0.5, 0.5, 0.5, 1], [0.5, 0.5, 1, 0.5, 0.5, 1],
            [1.5, 0.5, 1, 1], [0.25, 0.25, 0.5, 0.5, 0.5, 0.25, 0.25, 0.5, 1],
        ]
        let pentatonic = Scale.majorPentatonic(scale.tonic)
        let seats: [(String, Instrument, ClosedRange<Int>, Int)] = [
            ("fiddle", .fiddle, 62...86, 96), ("telecaster", .cleanGuitar, 52...76, 104),
        ]
        let first = random.integer(in: 0...1)
        return [0, 1].map { turn in
            let (name, instrument, range, volume) = seats[(first + turn) % 2]
            var part = Part(name, .instrument(instrument), volume: volume, pan: turn == 0 ? 72 : 58, reverb: 44)
            var melodist = Melodist(
                range: range, rhythms: rhythms, form: [0, 1, 0, 2], leaps: 0.25, velocity: 98, random: &random)
            for bar in bars where bar.index / 8 % 2 == turn {
                let notes = melodist.bar(
                    bar.index, at: bar.start, over: changes, in: { _ in pentatonic }, random: &random)
                for note in notes {
                    part.play(note.key, at: note.start, for: note.length, velocity: note.velocity)
                    // A double stop: fiddlers add the chord tone below.
                    if note.length >= 0.5, random.chance(0.4) {
                        let below = changes.at(note.start).pitchClasses.map { nearestKey($0, to: note.key - 4) }
                        part.play(below[0], at: note.start, for: note.length, velocity: note.velocity - 12)
                    }
                    if note.length >= 1 { part.bend(from: -1, to: 0, at: note.start, over: 0.15) }
                }
            }
            return part
        }
    }
}
