/// Twelve bars of shuffle: two guitars through small amplifiers that are turned up, one of them bending into the blue
/// notes, harmonica, piano and organ behind, a walking bass and drums that stay out of the way.
enum Blues: Composer {
    static func score(seconds: Double, random: inout RandomSource) -> Score {
        var score = Score(tempo: random.uniform(in: 84...124))
        score.swing = 1.0 / 6
        score.mastering = [.peak(450, -3), .highShelf(5500, 5)]
        let bars = score.bars(filling: seconds)
        let tonic = random.pick([4, 9, 7, 0, 2])
        let quick = random.chance(0.5) ? 5 : 0
        let form = [0, quick, 0, 0, 5, 5, 0, 0, 7, 5, 0, 7]
        let changes = Changes(form.map { Chord(tonic + $0, .dominantSeventh) })
        score.parts = [
            drums(bars, &random), bass(bars, changes), rhythm(bars, changes), organ(bars, changes),
            piano(bars, changes, &random),
        ]
        score.parts += leads(bars, changes, tonic, &random)
        return score
    }

    private static func drums(_ bars: [(index: Int, start: Double)], _ random: inout RandomSource) -> Part {
        var part = Part("drums", .drums(.room), volume: 70, reverb: 36, looseness: 0.006, delay: 0.004)
        for bar in bars {
            part.hit(.kick, random.pick(["X...X...", "X...X..x", "X..xX..."]), at: bar.start, velocity: 104)
            part.hit(.snare, random.pick(["..X...X.", "..X...Xo", "..Xo..X."]), at: bar.start, velocity: 106)
            part.hit(bar.index / 12 % 2 == 0 ? .closedHat : .ride, "XxXxXxXx", at: bar.start, velocity: 88)
            if bar.index % 12 == 11 {
                part.hit(.snare, "....xxXX", at: bar.start, velocity: 104)
                part.hit(.tomLow, ".....x.x", at: bar.start, velocity: 104)
            }
            if bar.index % 12 == 0 { part.play(.crash, at: bar.start, velocity: 92) }
        }
        return part
    }

    /// Root, third, fifth, sixth, seventh and back: two bars of boogie.
    private static func bass(_ bars: [(index: Int, start: Double)], _ changes: Changes) -> Part {
        var part = Part("bass", .instrument(.fingeredBass), volume: 104, reverb: 10)
        for bar in bars {
            let root = 28 + modulo(changes.at(bar.start).root - 4, 12)
            let walk = bar.index % 2 == 0 ? [0, 4, 7, 9] : [10, 9, 7, 4]
            for (beat, interval) in walk.enumerated() {
                part.play(root + interval, at: bar.start + Double(beat), for: 0.6, velocity: 108)
                part.play(root + interval, at: bar.start + Double(beat) + 0.5, for: 0.4, velocity: 88)
            }
        }
        return part
    }

    /// The shuffle figure on two strings: fifth, sixth, seventh, sixth over the root.
    private static func rhythm(_ bars: [(index: Int, start: Double)], _ changes: Changes) -> Part {
        var part = Part("rhythm guitar", .instrument(.overdrivenGuitar), volume: 96, pan: 30, reverb: 10)
        part.amplifier = .crunch
        for bar in bars {
            let root = 40 + modulo(changes.at(bar.start).root - 4, 12)
            for (beat, interval) in [7, 9, 10, 9].enumerated() {
                for half in [0.0, 0.5] {
                    let at = bar.start + Double(beat) + half
                    part.strum([root, root + interval], at: at, for: 0.4, velocity: half == 0 ? 100 : 84)
                }
            }
        }
        return part
    }

    private static func organ(_ bars: [(index: Int, start: Double)], _ changes: Changes) -> Part {
        var part = Part("organ", .instrument(.rockOrgan), volume: 60, pan: 92, reverb: 40, chorus: 50)
        var voicing = Voicing(range: 55...72, voices: 4)
        for bar in bars {
            let keys = voicing.next(changes.at(bar.start).pitchClasses)
            part.strum(keys, at: bar.start, for: 3.9, velocity: 80)
            part.swell(from: 80, to: 110, at: bar.start, over: 3.5)
        }
        return part
    }

    private static func piano(
        _ bars: [(index: Int, start: Double)], _ changes: Changes, _ random: inout RandomSource
    ) -> Part {
        var part = Part("piano", .instrument(.grandPiano), volume: 84, pan: 84, reverb: 30)
        var voicing = Voicing(range: 60...79, voices: 3)
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

    /// Guitar and harmonica in turns of four bars: a phrase, then room for the answer.
    private static func leads(
        _ bars: [(index: Int, start: Double)], _ changes: Changes, _ tonic: Int, _ random: inout RandomSource
    ) -> [Part] {
        let rhythms: [[Double]] = [
            [0.5, 0.5, 0.5, 0.5, 1.5, -0.5], [-0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1], [1, 0.5, 0.5, 2],
            [0.34, 0.33, 0.33, 1, 0.5, 0.5, 1], [0.5, 1, 0.5, 1, -1], [2, 0.5, 0.5, 1],
        ]
        let scale = Scale.blues(tonic)
        let seats: [(String, Instrument, ClosedRange<Int>, Int, Int)] = [
            ("lead guitar", .overdrivenGuitar, 59...83, 104, 60), ("harmonica", .harmonica, 60...81, 100, 72),
        ]
        return seats.enumerated().map { turn, seat in
            let (name, instrument, range, volume, pan) = seat
            var part = Part(name, .instrument(instrument), volume: volume, pan: pan, reverb: 60, looseness: 0.014)
            part.delay = 0.01
            if instrument == .overdrivenGuitar { part.amplifier = .crunch }
            var melodist = Melodist(
                range: range, rhythms: rhythms, form: [0, 1, 0, 2, 3, 1], leaps: 0.25, velocity: 104, random: &random)
            for bar in bars where bar.index / 4 % 2 == turn {
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
