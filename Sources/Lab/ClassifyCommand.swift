// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Capture
import Foundation
import Model
import Training

/// Labels audio files.
struct ClassifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Say which genre audio files are.",
        discussion: """
            Each file is cut into segments, each segment into windows of 3 s, a new one every 0.24 s, which the network \
            judges exactly as in genred. A window's confidence is calibrated: of what is said of windows with 0.7, seven \
            in ten are right; a segment's and a file's is that of their mean. Votes are the share of windows that say the same.

            Any file that libsndfile reads will do; - is a file on standard input. A file that cannot be read, is \
            shorter than 3 s or silent is reported, and the others still run.

            With --json each file is one line: file, genre, confidence, votes, probabilities, segments (start, end and \
            the same of each), or file and error.

            EXAMPLES:
              genrelab classify *.mp3
              genrelab classify --json set.flac | jq -r '.segments[] | "\\(.start) \\(.genre)"'
              ffmpeg -i clip.m4a -f wav - | genrelab classify -

            EXIT CODES: 0 all files were classified; 1 some were not.
            """)

    @OptionGroup var choice: ModelChoice

    @Flag(help: "Print JSON, one object a line and file.")
    var json = false

    @Option(help: ArgumentHelp("The length of a segment.", valueName: "seconds"))
    var segments = 30.0

    @Flag(help: "With --json, also every window's probabilities and the position of its end.")
    var windows = false

    @Argument(help: "Audio files; - is standard input.")
    var files: [String]

    func validate() throws {
        guard (3...86_400).contains(segments) else { throw ValidationError("--segments must be 3 to 86400 seconds") }
        if windows && !json { throw ValidationError("--windows needs --json") }
        if files.filter({ $0 == "-" }).count > 1 { throw ValidationError("- can be given once") }
    }

    private struct Failure: Encodable {
        var file: String
        var error: String
    }

    func run() throws {
        let model = try choice.load()
        var failed = false
        for file in files {
            do {
                let reader = file == "-" ? try StandardInput.reader() : try AudioFileReader(path: file)
                let result = try Classification(
                    reader, name: file, model: model, length: segments, withWindows: windows)
                if json { try printJSON(result) } else { printTable(result) }
            } catch let error as EncodingError {
                throw error
            } catch {
                failed = true
                if json { try printJSON(Failure(file: file, error: "\(error)")) }
                // What Capture says names the file already.
                let place = error is CaptureError ? "" : "\(file): "
                Terminal.note("genrelab: \(place)\(error)")
            }
        }
        if failed { throw ExitCode.failure }
    }

    private func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        Terminal.line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    private func printTable(_ result: Classification) {
        func row(_ name: String, _ genre: String, _ confidence: Double, _ votes: Double, _ all: [String: Double])
            -> [String]
        {
            let others = all.filter { $0.key != genre && $0.value >= 0.1 }.sorted {
                ($1.value, $0.key) < ($0.value, $1.key)
            }
            .prefix(2).map { "\($0.key) \($0.value.percent)" }.joined(separator: ", ")
            return [name, genre, confidence.percent, votes.percent, others]
        }
        Terminal.line(
            "\(Terminal.bold(Terminal.clean(result.file))): \(Terminal.bold(result.genre)), \(result.confidence.percent)"
        )
        var rows = [["  segment", "genre", "confidence", "votes", "else"]]
        for segment in result.segments {
            let name = "  \(Self.clock(segment.start)) – \(Self.clock(segment.end))"
            rows.append(row(name, segment.genre, segment.confidence, segment.votes, segment.probabilities))
        }
        rows.append(row("  whole", result.genre, result.confidence, result.votes, result.probabilities))
        let lines = Terminal.table(rows)
        for (index, line) in lines.enumerated() { Terminal.line(index == 0 ? Terminal.dim(line) : line) }
    }

    private static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        return String(format: "%d:%02d", whole / 60, whole % 60)
    }
}

/// Standard input as an audio file.
private enum StandardInput {
    /// Copied to a file without a name first, since most formats cannot be read from a pipe.
    static func reader() throws -> AudioFileReader {
        guard let file = tmpfile() else {
            throw TrainingError(
                .cannotWrite, "no temporary file can be made: \(systemMessage(errno))", call: "tmpfile",
                errno: errno)
        }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw TrainingError(
                    .cannotRead, "cannot read: \(systemMessage(errno))", call: "read", errno: errno)
            }
            if count == 0 { break }
            guard fwrite(buffer, 1, count, file) == count else {
                throw TrainingError(
                    .cannotWrite, "cannot be kept for reading: \(systemMessage(errno))", call: "fwrite",
                    errno: errno)
            }
        }
        fflush(file)
        rewind(file)
        return try AudioFileReader(fileDescriptor: dup(fileno(file)), name: "standard input")
    }
}
