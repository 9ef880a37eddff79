// SPDX-License-Identifier: GPL-3.0-or-later

/// A chord progression that repeats ("changes").
struct Changes: Sendable {
    let chords: [Chord]
    /// The length of each chord, in beats.
    let beatsPerChord: Double

    init(_ chords: [Chord], beatsPerChord: Double = 4) {
        self.chords = chords
        self.beatsPerChord = beatsPerChord
    }

    /// The length of one repetition, in beats.
    var beats: Double { Double(chords.count) * beatsPerChord }

    /// Returns the chord at a beat.
    func at(_ beat: Double) -> Chord {
        // A note just before its chord, by a rounding error, belongs to that chord.
        chords[modulo(Int((beat / beatsPerChord + 1e-6).rounded(.down)), chords.count)]
    }
}
