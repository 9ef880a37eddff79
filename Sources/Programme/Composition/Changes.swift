// SPDX-License-Identifier: GPL-3.0-or-later

/// A chord progression that goes round and round.
struct Changes: Sendable {
    let chords: [Chord]
    /// How long each chord lasts, in beats.
    let beatsPerChord: Double

    init(_ chords: [Chord], beatsPerChord: Double = 4) {
        self.chords = chords
        self.beatsPerChord = beatsPerChord
    }

    /// The length of one round, in beats.
    var beats: Double { Double(chords.count) * beatsPerChord }

    /// The chord that sounds at a beat.
    func at(_ beat: Double) -> Chord {
        // A note that anticipates its chord by rounding belongs to it.
        chords[modulo(Int((beat / beatsPerChord + 1e-6).rounded(.down)), chords.count)]
    }
}
