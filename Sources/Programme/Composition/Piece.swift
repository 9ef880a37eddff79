// SPDX-License-Identifier: GPL-3.0-or-later

/// The genres that the project can compose in. The raw value is the label in the model.
package enum Genre: String, Sendable, CaseIterable {
    case blues, classical, country, disco, hiphop, jazz, metal, reggae
}

/// A generated piece of music. The same genre, seed and length give the same notes on every machine.
package struct Piece: Sendable, Equatable {
    package let genre: Genre
    package let seed: UInt64
    /// The length in seconds. The music is cut there, as when a radio fades it out.
    package let seconds: Double
    /// Quarter notes per minute.
    package let tempo: Double
    let file: StandardMIDIFile
    /// The amplifier of each part, in the order of the file's tracks after the first.
    let amplifiers: [Amplifier?]
    /// The spoken lines, which are not part of the MIDI file.
    let lines: [SpokenLine]
    /// The equaliser of the finished mix.
    let mastering: [EqualiserBand]

    /// The stems, which are recorded separately: one file for the parts that share an amplifier or have none.
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
    ///   - seed: Any number; each gives another piece.
    ///   - seconds: The length, clamped to 1 to 3600.
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

/// A composer for one genre.
protocol Composer {
    /// Composes a score of at least `seconds`.
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

/// A bar: its number from 0, and its beginning in beats.
struct Bar: Sendable {
    let index: Int
    let start: Double
}

extension Score {
    /// Returns the bars that fill `seconds`.
    func bars(filling seconds: Double) -> [Bar] {
        let count = Int((seconds / secondsPerBeat / Double(beatsPerBar)).rounded(.up))
        return (0..<count).map { Bar(index: $0, start: Double($0 * beatsPerBar)) }
    }
}
