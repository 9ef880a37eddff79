// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

@testable import Programme

struct CompositionTests {
    private static let seeds: [UInt64] = [0, 1, 2, 3, 17, 4711, .max]

    @Test(arguments: Genre.allCases)
    func `every genre composes valid, dense music from several seeds`(genre: Genre) throws {
        for seed in Self.seeds {
            let piece = Piece.compose(genre: genre, seed: seed, seconds: 20)
            let file = try MIDIReader.read(piece.standardMIDIFile)
            let notes = file.tracks.flatMap { $0 }.filter(\.isNoteOn)
            let channels = Set(notes.compactMap(\.channel))
            #expect(channels.count >= 4, "\(genre) \(seed) has \(channels.count) instruments")
            #expect(channels.count <= 16)
            #expect(notes.count > 200, "\(genre) \(seed) has \(notes.count) notes")
        }
    }

    @Test(arguments: Genre.allCases)
    func `every note ends once, and no key is struck while it sounds`(genre: Genre) throws {
        let file = try MIDIReader.read(Piece.compose(genre: genre, seed: 5, seconds: 30).standardMIDIFile)
        for track in file.tracks {
            var sounding: Set<Int> = []
            for event in track {
                switch event.message {
                case .noteOn(_, let key, _): #expect(sounding.insert(key).inserted, "key \(key) at \(event.tick)")
                case .noteOff(_, let key): #expect(sounding.remove(key) != nil, "key \(key) at \(event.tick)")
                default: break
                }
            }
            #expect(sounding.isEmpty)
        }
    }

    @Test(arguments: Genre.allCases, [1.0, 12.5, 90])
    func `a piece has the requested length and sounds to its end`(genre: Genre, seconds: Double) throws {
        let piece = Piece.compose(genre: genre, seed: 3, seconds: seconds)
        let file = try MIDIReader.read(piece.standardMIDIFile)
        let secondsPerTick = 60 / piece.tempo / Double(file.ticksPerQuarter)
        let end = Double(file.tracks.compactMap { $0.last?.tick }.max() ?? 0) * secondsPerTick
        #expect(abs(end - seconds) < 0.01)
        let last = file.tracks.flatMap { $0 }.filter(\.isNoteOn).map(\.tick).max() ?? 0
        #expect(Double(last) * secondsPerTick > seconds - 1)
    }

    @Test(arguments: Genre.allCases)
    func `a seed gives the same piece every time, and another seed another piece`(genre: Genre) {
        let piece = Piece.compose(genre: genre, seed: 9, seconds: 15)
        #expect(piece == Piece.compose(genre: genre, seed: 9, seconds: 15))
        #expect(piece.standardMIDIFile != Piece.compose(genre: genre, seed: 10, seconds: 15).standardMIDIFile)
    }

    @Test(arguments: Genre.allCases)
    func `every part is in exactly one stem, and the parts of a stem share an amplifier`(genre: Genre) {
        let piece = Piece.compose(genre: genre, seed: 4, seconds: 10)
        let stems = piece.stems
        #expect(stems.count == (genre == .metal ? 2 : 1))
        #expect(stems.allSatisfy { $0.file.tracks.first == piece.file.tracks.first })
        let parts = stems.flatMap { $0.file.tracks.dropFirst() }
        #expect(parts.count == piece.file.tracks.count - 1)
        #expect(piece.file.tracks.dropFirst().allSatisfy(parts.contains))
    }

    @Test
    func `an MC's lines do not overlap, and rhyme in pairs`() {
        let lines = Piece.compose(genre: .hiphop, seed: 8, seconds: 60).lines
        #expect(lines.count > 15)
        for (line, next) in zip(lines, lines.dropFirst()) { #expect(line.start + line.length <= next.start) }
        #expect(Set(lines.map(\.text)).count > lines.count / 2)
        var random = RandomSource(seed: 8)
        let couplets = Rhymes.lines(40, random: &random)
        for index in stride(from: 0, to: 40, by: 2) {
            let pair = couplets[index...index + 1]
            #expect(Rhymes.rhymes.contains { rhymes in pair.allSatisfy { rhymes.contains(where: $0.hasSuffix) } })
        }
    }

    @Test
    func `lengths are clamped to their range`() {
        #expect(Piece.compose(genre: .jazz, seed: 1, seconds: -4).seconds == 1)
        #expect(Piece.compose(genre: .jazz, seed: 1, seconds: 1e9).seconds == 3600)
    }

    @Test
    func `the random source is SplitMix64, with the published values for seed 1234567`() {
        // Vigna's reference implementation gives 6457827717110365317, then 3203168211198807973.
        var random = RandomSource(seed: 1_234_567)
        #expect(random.uniform() == Double(6_457_827_717_110_365_317 >> 11 as UInt64) * 0x1p-53)
        #expect(random.uniform() == Double(3_203_168_211_198_807_973 >> 11 as UInt64) * 0x1p-53)
    }

    @Test
    func `voices move little from chord to chord, within their range and without parallel fifths and octaves`() {
        var random = RandomSource(seed: 1)
        var voicing = Voicing(range: 50...76, voices: 4)
        let scale = Scale.major(0)
        var previous = voicing.next(scale.triad(0).pitchClasses)
        var parallels = 0
        for _ in 0..<200 {
            let chord = scale.triad(random.integer(in: 0...6))
            let keys = voicing.next(chord.pitchClasses)
            #expect(keys.count == 4 && keys == keys.sorted() && keys.allSatisfy((50...76).contains))
            #expect(Set(keys.map { $0 % 12 }) == Set(chord.pitchClasses))
            #expect(zip(keys, previous).allSatisfy { abs($0 - $1) <= 12 })
            for low in 0..<4 {
                for high in low + 1..<4 where keys[low] != previous[low] {
                    let before = (previous[high] - previous[low]) % 12
                    let after = (keys[high] - keys[low]) % 12
                    if before == after, before == 0 || before == 7 { parallels += 1 }
                }
            }
            previous = keys
        }
        #expect(parallels < 20, "\(parallels) parallels in 200 chords")
    }

    @Test
    func `swing delays the off-beat and leaves the beat where it is`() {
        var score = Score(tempo: 120)
        score.swing = 1.0 / 6
        #expect(score.swung(3) == 3)
        #expect(abs(score.swung(3.5) - (3 + 2.0 / 3)) < 1e-9)
        #expect(score.swung(-0.5) < 0)
    }
}

extension MIDIEvent {
    fileprivate var isNoteOn: Bool { if case .noteOn = message { true } else { false } }

    fileprivate var channel: Int? { if case .noteOn(let channel, _, _) = message { channel } else { nil } }
}
