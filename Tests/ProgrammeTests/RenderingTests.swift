// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Testing

@testable import Programme

/// Whether fluidsynth and a sound font are installed, as `make deps` does. Without them these tests are skipped.
private let canPlay = (try? Studio()) != nil && ExternalProgram.fluidsynth.path != nil
private let canSpeak = canPlay && ExternalProgram.espeak.path != nil

struct RenderingTests {
    @Test(.enabled(if: canSpeak), arguments: Genre.allCases)
    func `every genre sounds from beginning to end`(genre: Genre) throws {
        let sound = try Studio().play(Piece.compose(genre: genre, seed: 2, seconds: 5))
        #expect(sound.seconds == 5)
        #expect(abs(sound.level + 18) < 2)
        #expect(sound.samples.allSatisfy { abs($0) < 1 })
        for second in 0..<5 {
            let part = Sound(samples: Array(sound.samples[second * 96_000..<(second + 1) * 96_000]))
            #expect(part.level > -40, "\(genre) is silent in second \(second)")
        }
    }

    @Test(.enabled(if: canPlay))
    func `a WAV file is read back as it was written, to 16 bits`() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("with space.wav")
            let piece = Piece.compose(genre: .jazz, seed: 1, seconds: 1)
            try Studio().render(piece, to: url)
            let read = try Sound(contentsOf: url)
            let made = try Studio().play(piece)
            #expect(read.samples.count == made.samples.count)
            #expect(zip(read.samples, made.samples).allSatisfy { abs($0 - $1) < 1 / 16_384 })
        }
    }

    @Test(.enabled(if: canSpeak))
    func `the announcer speaks, and the rest of the slot is silent`() throws {
        let sound = try Studio().say("Good evening.", seconds: 4)
        #expect(sound.seconds == 4)
        #expect(Sound(samples: Array(sound.samples.prefix(96_000))).level > -30)
        #expect(Sound(samples: Array(sound.samples.suffix(96_000))).level < -60)
    }

    @Test
    func `the error for a missing sound font names it`() {
        let error = #expect(throws: RenderingError.self) { _ = try Studio(soundFont: "/nowhere/font.sf2") }
        #expect(error?.code == .soundFontMissing)
        #expect(error?.message.contains("/nowhere/font.sf2") == true)
    }

    @Test(arguments: ["", "RIFF", "not a sound font at all"])
    func `a file that is not a sound font is an error, not silence`(content: String) throws {
        try withTemporaryFolder { folder in
            let font = folder.appendingPathComponent("bad.sf2")
            try Data(content.utf8).write(to: font)
            let error = #expect(throws: RenderingError.self) { _ = try Studio(soundFont: font.path) }
            #expect(error?.code == .soundFontMissing)
        }
    }

    @Test
    func `the error for a missing program names its package`() {
        let error = #expect(throws: RenderingError.self) {
            try ExternalProgram(name: "no-such-program", package: "some-package").run([])
        }
        #expect(error?.code == .programMissing)
        #expect(error?.message.contains("apt-get install some-package") == true)
    }
}

struct ProgrammeTests {
    @Test
    func `the programme has at least four genres, speech and silence, in about two minutes`() {
        let parts = Programme.demo.parts
        #expect(Set(parts.map(\.label)).subtracting(["speech", "silence"]).count >= 4)
        #expect(parts.contains { $0.label == "speech" })
        #expect(parts.contains { $0.label == "silence" })
        #expect((100...130).contains(Programme.demo.seconds))
    }

    @Test
    func `the parts of a programme have no gaps and are found by time`() {
        let programme = Programme.demo
        for (part, next) in zip(programme.parts, programme.parts.dropFirst()) { #expect(part.end == next.start) }
        #expect(programme.part(at: 0) == programme.parts.first)
        #expect(programme.part(at: programme.seconds) == nil)
        #expect(programme.part(at: -1) == nil)
        for part in programme.parts { #expect(programme.part(at: part.start + 0.1) == part) }
    }

    @Test(.enabled(if: canSpeak))
    func `a programme is rendered at its length`() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("programme.wav")
            let short = Programme([(.music(.metal, seed: 1), 2), (.speech("Hello."), 1.5), (.silence, 1)])
            try Studio().render(short, to: url)
            let sound = try Sound(contentsOf: url)
            #expect(sound.seconds == 4.5)
            #expect(Sound(samples: Array(sound.samples.suffix(90_000))).level == -120)
        }
    }
}
