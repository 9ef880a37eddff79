// SPDX-License-Identifier: GPL-3.0-or-later

/// Two pairs of distorted guitars left and right, a bass that doubles them, double bass drum, and a lead.
enum Metal: Composer {
    static func score(seconds: Double, random: inout RandomSource) -> Score {
        var score = Score(tempo: random.uniform(in: 148...192))
        score.mastering = [.highShelf(6500, 3)]
        let bars = score.bars(filling: seconds)
        let tonic = random.pick([4, 2, 3, 1])
        let scale = random.chance(0.5) ? Scale.phrygian(tonic) : Scale.minor(tonic)
        let riffs = (0..<3).map { _ in riff(scale, &random) }
        // Four bars of each riff, in an order that the seed chooses.
        func current(_ bar: Int) -> [Stroke] { riffs[[0, 0, 1, 0, 2, 1][bar / 4 % 6]] }
        let low = 28 + modulo(tonic - 4, 12)
        score.parts = guitars(bars, current, low, &random)
        score.parts.append(bass(bars, current, low))
        score.parts.append(lead(bars, scale, low, &random))
        score.parts.append(drums(bars, current, &random))
        return score
    }

    /// One stroke of a riff of two bars: when, how long, how far above the low string, and whether it is muted.
    private struct Stroke {
        let start: Double
        let length: Double
        let degree: Int
        let isMuted: Bool
    }

    /// Muted sixteenths and eighths on the low string, broken by open power chords of the scale.
    private static func riff(_ scale: Scale, _ random: inout RandomSource) -> [Stroke] {
        let cells: [[(Double, Bool)]] = [
            [(0.5, true), (0.25, true), (0.25, true)], [(0.25, true), (0.25, true), (0.5, true)],
            [(0.25, true), (0.25, true), (0.25, true), (0.25, true)], [(0.5, true), (0.5, false)], [(1, false)],
            [(0.5, false), (0.5, false)],
        ]
        var strokes: [Stroke] = []
        var beat = 0.0
        while beat < 8 {
            let cell = random.pick(beat.truncatingRemainder(dividingBy: 4) < 2 ? Array(cells.prefix(4)) : cells)
            let degree = random.pick(scale.steps.filter { $0 > 0 && $0 < 9 })
            for (length, isMuted) in cell {
                strokes.append(
                    Stroke(start: beat, length: length, degree: isMuted ? 0 : degree, isMuted: isMuted))
                beat += length
            }
        }
        return strokes
    }

    private static func guitars(
        _ bars: [Bar], _ current: (Int) -> [Stroke], _ low: Int, _ random: inout RandomSource
    ) -> [Part] {
        let seats: [(String, Int, Double)] = [
            ("guitar left", 4, -0.06), ("guitar right", 123, 0.05), ("second left", 24, 0.08),
            ("second right", 104, -0.04),
        ]
        return seats.map { name, pan, detune in
            var part = Part(name, .instrument(.overdrivenGuitar), volume: 100, pan: pan, reverb: 0, looseness: 0.006)
            part.amplifier = .highGain
            // Two takes of a riff are never quite in tune with each other, which makes the sound wide.
            part.bend(from: detune, to: detune, at: 0, over: 0.01)
            for bar in bars where bar.index % 2 == 0 {
                for stroke in current(bar.index) {
                    let root = low + 12 + stroke.degree
                    let length = stroke.isMuted ? min(0.2, stroke.length * 0.6) : stroke.length * 0.98
                    let velocity = stroke.isMuted ? 108 : 122
                    part.strum(
                        [root, root + 7, root + 12], at: bar.start + stroke.start, for: length, velocity: velocity)
                }
            }
            return part
        }
    }

    private static func bass(
        _ bars: [Bar], _ current: (Int) -> [Stroke], _ low: Int
    ) -> Part {
        var part = Part("bass", .instrument(.pickedBass), volume: 92, reverb: 8)
        for bar in bars where bar.index % 2 == 0 {
            for stroke in current(bar.index) {
                part.play(low + stroke.degree, at: bar.start + stroke.start, for: stroke.length * 0.9, velocity: 112)
            }
        }
        return part
    }

    /// Runs in sixteenths with bends, in eight of every sixteen bars.
    private static func lead(
        _ bars: [Bar], _ scale: Scale, _ low: Int, _ random: inout RandomSource
    ) -> Part {
        var part = Part("lead", .instrument(.overdrivenGuitar), volume: 84, pan: 64, reverb: 50, chorus: 20)
        let rhythms: [[Double]] = [
            Array(repeating: 0.25, count: 16), [0.25, 0.25, 0.25, 0.25, 0.5, 0.5, 2], [1, 0.5, 0.5, 0.5, 0.5, 1],
            [0.5, 0.5, 0.5, 0.5] + Array(repeating: 0.25, count: 8),
        ]
        var melodist = Melodist(
            range: 64...88, rhythms: rhythms, form: [0, 1, 0, 2, 3, 1, 0, 1], leaps: 0.15, velocity: 112,
            random: &random)
        let changes = Changes([Chord(scale.tonic, .minor)])
        for bar in bars where bar.index % 16 >= 8 {
            for note in melodist.bar(bar.index, at: bar.start, over: changes, in: { _ in scale }, random: &random) {
                part.play(note.key, at: note.start, for: note.length, velocity: note.velocity)
                if note.length > 0.45, random.chance(0.5) { part.bend(from: -2, to: 0, at: note.start, over: 0.15) }
            }
        }
        return part
    }

    private static func drums(
        _ bars: [Bar], _ current: (Int) -> [Stroke], _ random: inout RandomSource
    ) -> Part {
        var part = Part("drums", .drums(.power), volume: 127, reverb: 24, looseness: 0.003)
        for bar in bars {
            let section = bar.index / 4
            let isFast = section % 3 == 1
            part.hit(.kick, isFast ? "xxxxxxxxxxxxxxxx" : "X.xxX.xxX.xxX.xx", at: bar.start, velocity: 118)
            part.hit(.snare, isFast ? "..X...X...X...X." : "....X.......X...", at: bar.start, velocity: 124)
            let cymbal: Drum = section % 2 == 0 ? .china : .crash
            part.hit(cymbal, "X...X...X...X...", at: bar.start, velocity: 104)
            part.hit(section % 2 == 0 ? .openHat : .ride, "x.x.x.x.x.x.x.x.", at: bar.start, velocity: 100)
            if bar.index % 4 == 3 {
                part.hit(random.pick([.tomHigh, .tomHighest]), "........xxxx....", at: bar.start, velocity: 118)
                part.hit(.floorTom, "............xxxx", at: bar.start, velocity: 122)
            }
            if bar.index % 4 == 0 {
                part.play(.crash, at: bar.start, velocity: 124)
                part.play(.crash2, at: bar.start, velocity: 120)
            }
        }
        return part
    }
}
