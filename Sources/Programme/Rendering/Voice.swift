// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// What espeak-ng says.
extension Studio {
    /// An announcer's line in a slot of `seconds`: silence fills what the words leave, at the end.
    func say(_ text: String, seconds: Double) throws -> Sound {
        var sound = try speak(text, voice: "en-gb", pitch: 50, wordsPerMinute: 150)
        sound.normalise(to: Self.level)
        sound.fit(seconds: seconds)
        sound.fade(seconds: 0.02)
        return sound
    }

    /// An MC's lines, each as fast as its bar asks, at their places in a piece of silence.
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

    /// The words as they are spoken, without the silence around them.
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
