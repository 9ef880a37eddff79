// SPDX-License-Identifier: GPL-3.0-or-later

/// A repeated break of two bars, a sub bass, a loop of Rhodes or strings, scratches and stabs, and an MC.
enum HipHop: Composer {
    static func score(seconds: Double, random: inout RandomSource) -> Score {
        var score = Score(tempo: random.uniform(in: 86...96))
        score.swungUnit = 0.5
        score.swing = random.uniform(in: 0.04...0.12)
        score.mastering = [.lowShelf(300, -3), .highShelf(4500, 4)]
        let bars = score.bars(filling: seconds)
        let tonic = random.integer(in: 0...11)
        let loops: [[(Int, ChordKind)]] = [
            [(0, .minorNinth), (8, .majorSeventh)], [(0, .minorSeventh), (5, .minorNinth)],
            [(0, .minorNinth), (0, .minorNinth)], [(8, .majorSeventh), (7, .sharpNinth)],
        ]
        let changes = Changes(random.pick(loops).map { Chord(tonic + $0.0, $0.1) })
        score.parts = [
            drums(bars, &random), bass(bars, changes, &random),
            rhodes(bars, changes, &random), loop(bars, changes, Scale.minorPentatonic(tonic), &random),
            stabs(bars, changes, &random),
        ]
        // One line per bar; every eighth bar belongs to the DJ.
        let lines = Rhymes.lines(bars.count, random: &random)
        for bar in bars where bar.index % 8 != 7 {
            score.lines.append(SpokenLine(start: bar.start + 0.1, length: 3.7, text: lines[bar.index]))
        }
        return score
    }

    private static func drums(_ bars: [Bar], _ random: inout RandomSource) -> Part {
        var part = Part("drums", .drums(random.pick([.standard, .power])), volume: 127, reverb: 10, looseness: 0.004)
        let kicks = random.pick([
            ("X.....x...X.x...", "X..x..x...X....x"), ("X..x....x.X.....", "X..x....x.X..x.."),
            ("X.x....x..X.....", "X.x....x..Xx...."),
        ])
        for bar in bars {
            part.hit(.kick, bar.index % 2 == 0 ? kicks.0 : kicks.1, at: bar.start, velocity: 127)
            part.hit(.acousticKick, bar.index % 2 == 0 ? kicks.0 : kicks.1, at: bar.start, velocity: 120)
            part.hit(.snare, "....X..o.o..X..o", at: bar.start, velocity: 124)
            part.hit(.clap, "....x.......x...", at: bar.start, velocity: 100)
            part.hit(.closedHat, "X.x.X.xxX.x.X.x.", at: bar.start, velocity: 92)
            part.hit(.openHat, "..............x.", at: bar.start, velocity: 84)
            if bar.index % 8 == 7 { part.hit(.snare, "..........x.XxXX", at: bar.start, velocity: 112) }
            if bar.index % 4 == 3 || random.chance(0.2) {
                part.hit(.scratchPush, random.pick(["..x..x..x.......", "........x..x..x."]), at: bar.start)
                part.hit(.scratchPull, random.pick(["...x..x..x......", ".........x..x..x"]), at: bar.start)
            }
        }
        return part
    }

    private static func bass(
        _ bars: [Bar], _ changes: Changes, _ random: inout RandomSource
    ) -> Part {
        var part = Part("bass", .instrument(.deepSynthBass), volume: 84, reverb: 0, looseness: 0.004)
        let figures: [[(Double, Double, Int)]] = [
            [(0, 1.2, 0), (1.75, 0.5, 0), (2.5, 1, 7), (3.5, 0.4, 10)], [(0, 0.6, 0), (0.75, 0.6, 0), (2.5, 1.2, -2)],
            [(0, 2, 0), (2.5, 0.4, 3), (3, 0.4, 5), (3.5, 0.4, 0)],
        ]
        let figure = random.pick(figures)
        for bar in bars {
            let low = 28 + modulo(changes.at(bar.start).root - 4, 12)
            for (at, length, interval) in figure {
                part.play(low + interval, at: bar.start + at, for: length, velocity: 118)
            }
        }
        return part
    }

    private static func rhodes(
        _ bars: [Bar], _ changes: Changes, _ random: inout RandomSource
    ) -> Part {
        var part = Part("rhodes", .instrument(.electricPiano), volume: 76, pan: 50, reverb: 30, chorus: 60)
        var voicing = Voicing(range: 55...74, voices: 4)
        let hits = random.pick([[0.0, 1.75], [0, 2.5], [0, 0.75, 2.5], [0.5, 2, 3.5]])
        for bar in bars {
            let keys = voicing.next(changes.at(bar.start).rootlessPitchClasses)
            for hit in hits {
                part.strum(keys, at: bar.start + hit, for: 1.3, velocity: 84, spread: 0.04)
            }
        }
        return part
    }

    /// Two bars that sound like a sample from an old record.
    private static func loop(
        _ bars: [Bar], _ changes: Changes, _ scale: Scale, _ random: inout RandomSource
    ) -> Part {
        let sound = random.pick([Instrument.vibraphone, .flute, .tremoloStrings, .mutedTrumpet])
        var part = Part("sample", .instrument(sound), volume: 60, pan: 84, reverb: 40)
        let rhythms: [[Double]] = [[0.5, 0.5, 0.75, 0.25, 1, -1], [-1, 0.5, 0.5, 1, 1], [1.5, 0.5, -1, 0.5, 0.5]]
        var first = Melodist(range: 62...79, rhythms: rhythms, form: [0, 1], leaps: 0.3, velocity: 84, random: &random)
        let notes = [0, 1].flatMap { bar in
            first.bar(bar, at: Double(bar) * 4, over: changes, in: { _ in scale }, random: &random)
        }
        for bar in bars where bar.index % 2 == 0 {
            for note in notes {
                part.play(note.key, at: bar.start + note.start, for: note.length, velocity: note.velocity)
            }
        }
        return part
    }

    private static func stabs(
        _ bars: [Bar], _ changes: Changes, _ random: inout RandomSource
    ) -> Part {
        var part = Part("stabs", .instrument(random.pick([.orchestraHit, .brassSection])), volume: 84, reverb: 30)
        for bar in bars where bar.index % 4 >= 2 {
            let root = 48 + changes.at(bar.start).root
            part.strum([root, root + 3, root + 7], at: bar.start + 1.5, for: 0.3, velocity: 92)
        }
        return part
    }
}
