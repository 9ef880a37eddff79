// SPDX-License-Identifier: GPL-3.0-or-later

/// Four on the floor, open hats on the off-beats, an octave bass, scratched guitar, strings and brass.
enum Disco: Composer {
    static func score(seconds: Double, random: inout RandomSource) -> Score {
        var score = Score(tempo: random.uniform(in: 114...126))
        score.mastering = [.peak(400, -4), .highShelf(6500, 5)]
        let bars = score.bars(filling: seconds)
        let tonic = random.integer(in: 0...11)
        let changes = progression(tonic, &random)
        score.parts = [
            drums(bars, &random), bass(bars, changes, &random), guitar(bars, changes, &random),
            piano(bars, changes, &random),
        ]
        score.parts += orchestra(bars, changes, Scale.minor(tonic), &random)
        return score
    }

    private static func progression(_ tonic: Int, _ random: inout RandomSource) -> Changes {
        let loops: [[(Int, ChordKind)]] = [
            [(0, .minorNinth), (0, .minorNinth), (5, .minorSeventh), (7, .minorSeventh)],
            [(0, .minorSeventh), (10, .majorSeventh), (8, .majorSeventh), (7, .dominantSeventh)],
            [(0, .minorSeventh), (5, .dominantNinth), (0, .minorSeventh), (5, .dominantNinth)],
            [(8, .majorSeventh), (10, .addedNinth), (0, .minorSeventh), (0, .minorNinth)],
        ]
        return Changes(random.pick(loops).map { Chord(tonic + $0.0, $0.1) })
    }

    private static func drums(_ bars: [Bar], _ random: inout RandomSource) -> Part {
        var part = Part("drums", .drums(.standard), volume: 116, reverb: 20, looseness: 0.003)
        for bar in bars {
            part.hit(.kick, "X...X...X...X...", at: bar.start, velocity: 120)
            part.hit(.snare, "....X.......X...", at: bar.start, velocity: 110)
            part.hit(.clap, "....X.......X...", at: bar.start, velocity: 96)
            part.hit(.openHat, "..X...X...X...X.", at: bar.start, velocity: 104)
            part.hit(.closedHat, "x.ox" + "x.ox" + "x.ox" + "x.ox", at: bar.start, velocity: 84)
            if bar.index % 8 == 7 {
                part.hit(.snare, "........x.xxXxXX", at: bar.start, velocity: 108)
                part.hit(.tomMiddle, "..........x.x...", at: bar.start, velocity: 104)
            }
            if bar.index % 8 == 0 { part.play(.crash, at: bar.start, velocity: 110) }
            part.hit(.tambourine, "o.xoo.xoo.xoo.xo", at: bar.start, velocity: 80)
            part.hit(.congaHigh, "..x....x..x.....", at: bar.start, velocity: 76)
            part.hit(.congaLow, "......x.......xx", at: bar.start, velocity: 76)
        }
        return part
    }

    private static func bass(
        _ bars: [Bar], _ changes: Changes, _ random: inout RandomSource
    ) -> Part {
        var part = Part("bass", .instrument(.fingeredBass), volume: 118, reverb: 6, looseness: 0.004)
        for bar in bars {
            let low = 28 + modulo(changes.at(bar.start).root - 4, 12)
            for eighth in 0..<8 {
                let at = bar.start + Double(eighth) * 0.5
                part.play(low + (eighth % 2 == 0 ? 0 : 12), at: at, for: 0.4, velocity: eighth % 2 == 0 ? 110 : 100)
            }
            if random.chance(0.4) { part.play(low + 10, at: bar.start + 3.75, for: 0.2, velocity: 96) }
        }
        return part
    }

    private static func guitar(
        _ bars: [Bar], _ changes: Changes, _ random: inout RandomSource
    ) -> Part {
        var part = Part("guitar", .instrument(.cleanGuitar), volume: 92, pan: 26, reverb: 20, chorus: 40)
        var voicing = Voicing(range: 57...76, voices: 4)
        let patterns = ["x.xxx.x.x.xxx.xx", "..x.xxx...x.xxx.", "x.x.x.xxx.x.xxxx"]
        let pattern = random.pick(patterns)
        for bar in bars {
            let keys = voicing.next(changes.at(bar.start).rootlessPitchClasses)
            for (step, mark) in pattern.enumerated() where mark != "." {
                let velocity = step % 4 == 2 ? 98 : 76
                let spread = step % 2 == 0 ? 0.02 : -0.02
                part.strum(keys, at: bar.start + Double(step) * 0.25, for: 0.14, velocity: velocity, spread: spread)
            }
        }
        return part
    }

    private static func piano(
        _ bars: [Bar], _ changes: Changes, _ random: inout RandomSource
    ) -> Part {
        var part = Part("piano", .instrument(.brightPiano), volume: 84, pan: 96, reverb: 30)
        var voicing = Voicing(range: 60...79, voices: 4)
        for bar in bars {
            let keys = voicing.next(changes.at(bar.start).pitchClasses)
            for hit in random.pick([[0, 0.75, 1.5, 2.5, 3.25], [0, 1.5, 2, 3.5], [0.5, 1.5, 2.5, 3.5]]) {
                part.strum(keys, at: bar.start + hit, for: 0.3, velocity: 88)
            }
        }
        return part
    }

    /// Strings with a melody and runs, and brass that answers.
    private static func orchestra(
        _ bars: [Bar], _ changes: Changes, _ scale: Scale, _ random: inout RandomSource
    ) -> [Part] {
        var high = Part("violins", .instrument(.stringEnsemble), volume: 104, pan: 48, reverb: 70, looseness: 0.008)
        var pad = Part("strings", .instrument(.stringEnsemble), volume: 84, pan: 84, reverb: 70, looseness: 0.01)
        var brass = Part("brass", .instrument(.brassSection), volume: 98, pan: 70, reverb: 40, looseness: 0.005)
        let rhythms: [[Double]] = [
            [1.5, 0.5, 2], [1, 1, 0.5, 0.5, 1], [3, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5, 2], [2, 1, 1],
        ]
        var tune = Melodist(range: 70...89, rhythms: rhythms, leaps: 0.25, legato: 1, velocity: 98, random: &random)
        var padVoicing = Voicing(range: 60...79, voices: 3)
        var brassVoicing = Voicing(range: 58...77, voices: 3)
        let stab = random.pick(["..x..x..........", "x..x..x.........", "............x.xx"])
        for bar in bars {
            for note in tune.bar(bar.index, at: bar.start, over: changes, in: { _ in scale }, random: &random) {
                high.play(note.key, at: note.start, for: note.length, velocity: note.velocity)
                high.play(note.key - 12, at: note.start, for: note.length, velocity: note.velocity - 8)
            }
            if bar.index % 4 == 3 {
                let run = scale.keys(in: 72...92)
                for (step, key) in run.prefix(8).enumerated() {
                    high.play(key, at: bar.start + 2 + Double(step) * 0.25, for: 0.25, velocity: 92)
                }
            }
            let chord = changes.at(bar.start)
            pad.strum(padVoicing.next(chord.pitchClasses), at: bar.start, for: 3.98, velocity: 80)
            let keys = brassVoicing.next(chord.pitchClasses)
            for (step, mark) in stab.enumerated() where mark == "x" && bar.index % 2 == 1 {
                brass.strum(keys, at: bar.start + Double(step) * 0.25, for: 0.3, velocity: 106)
            }
        }
        return [high, pad, brass]
    }
}
