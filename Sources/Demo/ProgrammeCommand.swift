// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Foundation
import Programme

extension Genre: ExpressibleByArgument {}

/// The program `genred-programme`.
@main
struct ProgrammeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "genred-programme",
        abstract: "Compose music in several genres, and the programme of genred's demonstration.",
        discussion: """
            Music is generated from a seed: the same seed gives the same piece, another seed another piece. fluidsynth \
            plays it with a General MIDI sound font; espeak-ng speaks the announcements.

              genred-programme render jazz.wav --genre jazz --seed 7
              genred-programme render programme.wav --demo
              genred-programme list
            """,
        subcommands: [Render.self, List.self, Compare.self])
}

/// The command `genred-programme render`.
struct Render: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Render a piece or the programme as a WAV file.")

    @Argument(help: "The WAV file to write: 48 kHz, 16 bits, stereo.")
    var output: String

    @Option(help: "The genre to compose in.")
    var genre: Genre = .jazz

    @Option(help: "The seed of the piece: any whole number.")
    var seed: UInt64 = 1

    @Option(help: "The length in seconds, 1 to 3600.")
    var seconds: Double = 30

    @Flag(help: "Render the demonstration's programme instead of a piece.")
    var demo = false

    @Option(name: .customLong("midi"), help: "Also write the piece as a Standard MIDI File.")
    var midiOutput: String?

    @Option(name: .customLong("soundfont"), help: "A General MIDI sound font; by default, one of the installed ones.")
    var soundFont: String?

    func validate() throws {
        guard seconds >= 1, seconds <= 3600 else {
            throw ValidationError("--seconds must be 1 to 3600, not \(seconds)")
        }
        if demo, midiOutput != nil { throw ValidationError("--midi cannot be combined with --demo") }
    }

    func run() throws {
        let studio = try Studio(soundFont: soundFont)
        let url = URL(fileURLWithPath: output)
        if demo { return try studio.render(Programme.demo, to: url) }
        let piece = Piece.compose(genre: genre, seed: seed, seconds: seconds)
        if let midiOutput { try studio.write(piece, to: URL(fileURLWithPath: midiOutput)) }
        try studio.render(piece, to: url)
    }
}

/// The command `genred-programme list`.
struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the genres and the parts of the demonstration's programme.",
        discussion:
            "With --json, one object per part: start and end in seconds, label (a genre, speech, silence), title.")

    @Flag(help: "Print the programme as JSON lines.")
    var json = false

    private struct Line: Encodable {
        let start: Double
        let end: Double
        let label: String
        let title: String
    }

    func run() throws {
        let lines = Programme.demo.parts.map { part in
            Line(start: part.start, end: part.end, label: part.label, title: part.title)
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            for line in lines { print(String(decoding: try encoder.encode(line), as: UTF8.self)) }
            return
        }
        print("Genres: \(Genre.allCases.map(\.rawValue).joined(separator: ", "))\n\nThe demonstration's programme:")
        for line in lines {
            print(
                "  \(clock(line.start))–\(clock(line.end))  \(line.label.padding(toLength: 10, withPad: " ", startingAt: 0))  \(line.title)"
            )
        }
    }
}

/// Formats a time in seconds as minutes and seconds, such as `1:05`.
func clock(_ seconds: Double) -> String {
    let whole = Int(seconds)
    return String(format: "%d:%02d", whole / 60, whole % 60)
}

extension Programme.Part {
    /// A description for people.
    var title: String {
        switch content {
        case .music(let genre, let seed): "\(genre.rawValue), piece \(seed)"
        case .speech(let text): "“\(text)”"
        case .silence: "silence"
        }
    }
}
