// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Speech by espeak-ng.
extension Studio {
    /// Speaks an announcement in a slot of `seconds`, with silence after the words.
    func say(_ text: String, seconds: Double) throws -> Sound {
        var sound = try speak(text, voice: "en-gb", pitch: 50, wordsPerMinute: 150)
        sound.normalise(to: Self.level)
        sound.fit(seconds: seconds)
        sound.fade(seconds: 0.02)
        return sound
    }

    /// Speaks an MC's lines at their times, each at the speed that fits its bar.
    func rap(_ piece: Piece) throws -> Sound {
        var track = Sound.silence(seconds: piece.seconds)
        let secondsPerBeat = 60 / piece.tempo
        for line in piece.lines where line.start * secondsPerBeat < piece.seconds - 1 {
            let room = line.length * secondsPerBeat
            let usual = 190.0
            let natural = try speak(line.text, voice: "en-us", pitch: 35, wordsPerMinute: Int(usual))
            let pace = min(max(usual * natural.seconds / room, 140), 340)
            var spoken = try speak(line.text, voice: "en-us", pitch: 35, wordsPerMinute: Int(pace))
            spoken.fit(seconds: min(spoken.seconds, room))
            spoken.fade(seconds: 0.01)
            track.mix(spoken, at: line.start * secondsPerBeat)
        }
        return track
    }

    /// Speaks a text, without silence before and after it.
    private func speak(_ text: String, voice: String, pitch: Int, wordsPerMinute: Int) throws -> Sound {
        try withTemporaryFolder { folder in
            let audio = folder.appendingPathComponent("line.wav")
            try ExternalProgram.espeak.run([
                "-v", voice, "-p", String(pitch), "-s", String(wordsPerMinute), "-w", audio.path, "--", text,
            ])
            var sound = try Sound(contentsOf: audio)
            sound.trim()
            return sound
        }
    }
}
