// SPDX-License-Identifier: GPL-3.0-or-later

/// Strings in four real parts, with a keyboard or winds: a melody in sequences over a stepwise bass, and inner
/// voices without parallels.
enum Classical: Composer {
    static func score(seconds: Double, random: inout RandomSource) -> Score {
        var score = Score(tempo: random.uniform(in: 84...116))
        let bars = score.bars(filling: seconds)
        let minor = random.chance(0.4)
        let tonic = random.integer(in: 0...11)
        let scale = minor ? Scale.harmonicMinor(tonic) : Scale.major(tonic)
        let changes = progression(scale, &random)
        score.parts = strings(bars, changes, scale, &random)
        score.parts += winds(bars, changes, scale, &random)
        return score
    }

    /// Eight bars of two chords each: a sequence of fifths or a rise to the dominant, then a cadence.
    private static func progression(_ scale: Scale, _ random: inout RandomSource) -> Changes {
        let openings = [
            [0, 3, 6, 2, 5, 1, 4, 0], [0, 4, 5, 2, 3, 0, 3, 4], [0, 5, 3, 4, 0, 1, 4, 4], [0, 0, 4, 4, 5, 5, 1, 4],
        ]
        let closings = [[5, 3, 1, 4, 0, 3, 4, 0], [3, 0, 1, 4, 5, 1, 4, 0], [0, 3, 1, 4, 0, 1, 4, 0]]
        let degrees = random.pick(openings) + random.pick(closings)
        let chords = degrees.map { degree in
            // The dominant is major, with its seventh half of the time; the leading triads stay as they are.
            degree == 4
                ? Chord(scale.tonic + 7, random.chance(0.5) ? .dominantSeventh : .major) : scale.triad(degree)
        }
        return Changes(chords, beatsPerChord: 2)
    }

    private static func strings(
        _ bars: [Bar], _ changes: Changes, _ scale: Scale, _ random: inout RandomSource
    ) -> [Part] {
        var first = Part("violins", .instrument(.stringEnsemble), volume: 104, pan: 36, reverb: 90, looseness: 0.012)
        var solo = Part("solo violin", .instrument(.violin), volume: 84, pan: 44, reverb: 90, looseness: 0.01)
        var second = Part(
            "second violins", .instrument(.stringEnsemble), volume: 86, pan: 52, reverb: 90, looseness: 0.014)
        var violas = Part("violas", .instrument(.viola), volume: 84, pan: 80, reverb: 90, looseness: 0.014)
        var cellos = Part("cellos", .instrument(.cello), volume: 100, pan: 92, reverb: 80, looseness: 0.012)
        var basses = Part("basses", .instrument(.contrabass), volume: 84, pan: 100, reverb: 80, looseness: 0.014)
        let rhythms: [[Double]] = [
            [1, 0.5, 0.5, 1, 1], [0.5, 0.5, 0.5, 0.5, 1, 1], [1.5, 0.5, 1, 1],
            [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
            [0.5, 0.25, 0.25, 0.5, 0.5, 1, 1], [2, 1, 1], [0.25, 0.25, 0.25, 0.25, 0.5, 0.5, 1, 1],
        ]
        var melody = Melodist(
            range: 67...88, rhythms: rhythms, form: [0, 1, 0, 2, 3, 3, 1, 4], leaps: 0.18, legato: 0.98, velocity: 88,
            random: &random)
        var voicing = Voicing(range: 53...72, voices: 3)
        var bass = 45
        for bar in bars {
            for note in melody.bar(bar.index, at: bar.start, over: changes, in: { _ in scale }, random: &random) {
                first.play(note.key, at: note.start, for: note.length, velocity: note.velocity)
                solo.play(note.key, at: note.start, for: note.length, velocity: note.velocity)
            }
            first.swell(from: 92, to: bar.index % 4 == 2 ? 127 : 108, at: bar.start, over: 3.8)
            for half in 0..<2 {
                let at = bar.start + Double(half) * 2
                let chord = changes.at(at)
                let next = changes.at(at + 2)
                let keys = voicing.next(chord.pitchClasses)
                accompany(keys, at: at, figure: bar.index / 4 % 2, second: &second, violas: &violas)
                bass = nearestKey(chord.root, to: bass)
                if bass < 38 { bass += 12 }
                if bass > 55 { bass -= 12 }
                let passing = nearestKey(next.root, to: bass)
                let step = scale.keys(in: 30...60).min { abs($0 * 2 - bass - passing) < abs($1 * 2 - bass - passing) }
                cellos.play(bass, at: at, for: 0.98, velocity: 84)
                cellos.play(step ?? bass, at: at + 1, for: 0.98, velocity: 76)
                basses.play(bass - 12, at: at, for: 1.9, velocity: 76)
            }
        }
        return [first, solo, second, violas, cellos, basses]
    }

    /// Repeated eighths, or sustained chords with a broken chord below.
    private static func accompany(
        _ keys: [Int], at start: Double, figure: Int, second: inout Part, violas: inout Part
    ) {
        guard keys.count == 3 else { return }
        if figure == 0 {
            for eighth in 0..<4 {
                let at = start + Double(eighth) * 0.5
                second.play(keys[2], at: at, for: 0.46, velocity: eighth == 0 ? 76 : 66)
                second.play(keys[1], at: at, for: 0.46, velocity: eighth == 0 ? 72 : 62)
                violas.play(keys[0], at: at, for: 0.46, velocity: eighth == 0 ? 76 : 66)
            }
        } else {
            second.play(keys[2], at: start, for: 1.98, velocity: 72)
            second.play(keys[1], at: start, for: 1.98, velocity: 70)
            for (index, key) in [keys[0], keys[1], keys[2], keys[1]].enumerated() {
                violas.play(key, at: start + Double(index) * 0.5, for: 0.5, velocity: 70)
            }
        }
    }

    /// Oboe and flute in turn above the strings, and horns that sustain the harmony.
    private static func winds(
        _ bars: [Bar], _ changes: Changes, _ scale: Scale, _ random: inout RandomSource
    ) -> [Part] {
        let seat = random.pick([Instrument.oboe, .flute, .clarinet])
        var wind = Part("wind", .instrument(seat), volume: 80, pan: 60, reverb: 100, looseness: 0.012)
        var horns = Part("horns", .instrument(.frenchHorn), volume: 66, pan: 74, reverb: 110, looseness: 0.014)
        var line = Melodist(
            range: 65...84, rhythms: [[2, 2], [3, 1], [4], [1, 1, 2]], leaps: 0.1, legato: 1, velocity: 76,
            random: &random)
        var voicing = Voicing(range: 50...65, voices: 2)
        for bar in bars {
            if bar.index / 4 % 2 == 1 {
                for note in line.bar(bar.index, at: bar.start, over: changes, in: { _ in scale }, random: &random) {
                    wind.play(note.key, at: note.start, for: note.length, velocity: note.velocity)
                }
            }
            for half in 0..<2 {
                let at = bar.start + Double(half) * 2
                horns.strum(voicing.next(changes.at(at).pitchClasses), at: at, for: 1.98, velocity: 66)
            }
        }
        return [wind, horns]
    }
}
