// SPDX-License-Identifier: GPL-3.0-or-later

/// The genres that the project itself can compose in; the raw value is the label that a model gives them.
package enum Genre: String, Sendable, CaseIterable {
    case blues, classical, country, disco, hiphop, jazz, metal, reggae
}

/// A piece of music that nobody wrote: the same genre, seed and length give the same notes, on every machine.
package struct Piece: Sendable, Equatable {
    package let genre: Genre
    package let seed: UInt64
    /// How long it is, in seconds. It is cut there, as a radio would fade it out; it does not come to an end.
    package let seconds: Double
    /// Quarter notes a minute.
    package let tempo: Double
    let file: StandardMIDIFile
    /// What each part is played through, in the order of the file's tracks after the first.
    let amplifiers: [Amplifier?]
    /// What is said over it, in time; not part of the MIDI file.
    let lines: [SpokenLine]
    /// What the mastering engineer does to it.
    let mastering: [EqualiserBand]

    /// What is recorded separately: the parts that share an amplifier, or have none, as a file of their own.
    var stems: [(amplifier: Amplifier?, file: StandardMIDIFile)] {
        var distinct: [Amplifier?] = []
        for amplifier in amplifiers where !distinct.contains(amplifier) { distinct.append(amplifier) }
        return distinct.map { amplifier in
            let tracks = file.tracks.enumerated().filter { $0.offset == 0 || amplifiers[$0.offset - 1] == amplifier }
            return (amplifier, StandardMIDIFile(ticksPerQuarter: file.ticksPerQuarter, tracks: tracks.map(\.element)))
        }
    }

    /// The piece as a Standard MIDI File of format 1, for General MIDI instruments.
    package var standardMIDIFile: [UInt8] { file.encoded() }

    /// Composes a piece.
    ///
    /// - Parameters:
    ///   - seed: Which piece: any number; every one gives another.
    ///   - seconds: How long, 1 to 3600; held to that.
    package static func compose(genre: Genre, seed: UInt64, seconds: Double) -> Piece {
        let held = min(max(seconds, 1), 3600)
        var random = RandomSource(seed: seed)
        let score = genre.composer.score(seconds: held, random: &random)
        let file = score.standardMIDIFile(seconds: held, random: &random)
        return Piece(
            genre: genre, seed: seed, seconds: held, tempo: score.tempo, file: file,
            amplifiers: score.parts.map(\.amplifier), lines: score.lines, mastering: score.mastering)
    }
}

/// Who writes in a genre.
protocol Composer {
    /// A score of at least `seconds`.
    static func score(seconds: Double, random: inout RandomSource) -> Score
}

extension Genre {
    var composer: any Composer.Type {
        switch self {
        case .blues: Blues.self
        case .classical: Classical.self
        case .country: Country.self
        case .disco: Disco.self
        case .hiphop: HipHop.self
        case .jazz: Jazz.self
        case .metal: Metal.self
        case .reggae: Reggae.self
        }
    }
}

/// A bar: its number, from 0, and where it begins, in beats.
struct Bar: Sendable {
    let index: Int
    let start: Double
}

extension Score {
    /// The bars that fill `seconds`.
    func bars(filling seconds: Double) -> [Bar] {
        let count = Int((seconds / secondsPerBeat / Double(beatsPerBar)).rounded(.up))
        return (0..<count).map { Bar(index: $0, start: Double($0 * beatsPerBar)) }
    }
}
