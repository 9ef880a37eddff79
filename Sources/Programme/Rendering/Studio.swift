// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// Renders pieces, announcements and whole programmes as audio, with fluidsynth and espeak-ng.
package struct Studio: Sendable {
    /// The path of the sound font.
    package let soundFont: String

    /// The folders in which packages install sound fonts.
    private static let soundFontFolders = [
        "/usr/share/sounds/sf2", "/usr/share/soundfonts", "/usr/local/share/soundfonts",
    ]
    /// Sound fonts known to be General MIDI, beginning with the one for which the pieces were mixed. They are preferred to
    /// others.
    private static let preferredSoundFonts = ["TimGM6mb.sf2", "FluidR3_GM.sf2", "default-GM.sf2"]
    /// The RMS level of all output, in dB relative to full scale.
    static let level = -18.0
    /// The level of an MC relative to the music, in dB.
    private static let voiceBesideBeat = -5.0

    /// - Parameter soundFont: A General MIDI sound font; by default, one of the installed ones.
    package init(soundFont: String? = nil) throws {
        if let soundFont {
            // With a wrong font, fluidsynth would use its default font and only print a warning.
            guard Self.isSoundFont(soundFont) else {
                throw RenderingError(
                    .soundFontMissing, "\(soundFont) cannot be read or is not a sound font (SF2 or SF3)")
            }
            self.soundFont = soundFont
        } else {
            self.soundFont = try Self.findSoundFont()
        }
    }

    /// Whether a file begins like a sound font: with a RIFF chunk of form `sfbk`.
    private static func isSoundFont(_ path: String) -> Bool {
        guard let file = FileHandle(forReadingAtPath: path), let head = try? file.read(upToCount: 12) else {
            return false
        }
        return head.starts(with: Data("RIFF".utf8)) && head.suffix(4) == Data("sfbk".utf8)
    }

    private static func findSoundFont() throws -> String {
        let found = soundFontFolders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
                .filter { $0.hasSuffix(".sf2") }.sorted().map { "\(folder)/\($0)" }
        }
        for name in preferredSoundFonts {
            if let font = found.first(where: { $0.hasSuffix("/\(name)") }) { return font }
        }
        guard let font = found.first else {
            throw RenderingError(
                .soundFontMissing,
                "no General MIDI sound font (*.sf2) in \(soundFontFolders.joined(separator: ", ")): "
                    + "apt-get install timgm6mb-soundfont (or: make deps)")
        }
        return font
    }

    /// Renders a piece as a WAV file: 48 kHz, 16 bits, stereo.
    package func render(_ piece: Piece, to url: URL) throws { try play(piece).write(to: url) }

    /// Writes a piece as a Standard MIDI File.
    package func write(_ piece: Piece, to url: URL) throws { try piece.file.write(to: url) }

    /// Renders a programme as a WAV file: 48 kHz, 16 bits, stereo.
    package func render(_ programme: Programme, to url: URL) throws {
        var all = Sound.silence(seconds: 0)
        for part in programme.parts { all.append(try play(part)) }
        try all.write(to: url)
    }

    private func play(_ part: Programme.Part) throws -> Sound {
        switch part.content {
        case .music(let genre, let seed): try play(.compose(genre: genre, seed: seed, seconds: part.seconds))
        case .speech(let text): try say(text, seconds: part.seconds)
        case .silence: .silence(seconds: part.seconds)
        }
    }

    func play(_ piece: Piece) throws -> Sound {
        var mix = Sound.silence(seconds: piece.seconds)
        for (amplifier, file) in piece.stems {
            var stem = try synthesise(file)
            stem.fit(seconds: piece.seconds)
            // All stems are mixed at known levels; a stem that is silent throughout is skipped.
            guard stem.level > -80 else { continue }
            if let amplifier { stem.amplify(amplifier) }
            stem.scale(by: pow(10, ((amplifier?.level ?? 0) - stem.level) / 20))
            mix.mix(stem)
        }
        guard mix.level > -80 else {
            throw RenderingError(
                .programFailed, "fluidsynth rendered silence with \(soundFont): is it a General MIDI sound font?")
        }
        if !piece.lines.isEmpty {
            var voice = try rap(piece)
            voice.scale(by: pow(10, (mix.level + Self.voiceBesideBeat - voice.level) / 20))
            mix.mix(voice)
        }
        mix.equalise(piece.mastering)
        mix.normalise(to: Self.level)
        mix.fade(seconds: 0.15)
        return mix
    }

    private func synthesise(_ file: StandardMIDIFile) throws -> Sound {
        try withTemporaryFolder { folder in
            let score = folder.appendingPathComponent("piece.mid")
            let audio = folder.appendingPathComponent("piece.wav")
            try file.write(to: score)
            // -n and -i: no MIDI input, no shell. The gain is low because the level is set later.
            try ExternalProgram.fluidsynth.run([
                "-n", "-i", "-q", "-r", String(Sound.sampleRate), "-g", "0.3", "-T", "wav", "-O", "float", "-F",
                audio.path,
                soundFont, score.path,
            ])
            return try Sound(contentsOf: audio)
        }
    }

}

extension StandardMIDIFile {
    fileprivate func write(to url: URL) throws {
        do {
            try Data(encoded()).write(to: url)
        } catch {
            throw RenderingError(.fileFailed, "cannot write \(url.path): \(error.localizedDescription)")
        }
    }
}
