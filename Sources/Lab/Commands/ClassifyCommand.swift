// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Capture
import Foundation
import Model

/// `genrelab classify`: classifies audio files.
struct ClassifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Classify audio files by genre.",
        discussion: """
            Each file is cut into segments, and each segment into windows of 3 s, one every 0.24 s, which the network \
            classifies exactly as in genred. A window's confidence is calibrated: of the windows with a confidence of \
            0.7, seven in ten are right. The confidence of a segment or a file is that of the mean of its windows. \
            Votes are the share of windows with the same label.

            FILE can be anything that libsndfile reads (WAV, FLAC, Ogg, Opus, MP3) and, if ffmpeg is installed, anything \
            that it decodes (M4A, MP4, WMA, APE, WebM); a folder means all the audio in it; a FIFO and - (standard input) \
            are read to their end first. A file that cannot be read, is shorter than 3 s or is silent is reported, and \
            the others are still classified. Damaged parts are skipped, and their places printed.

            --json prints one line per file: file, genre, confidence, votes, probabilities, segments (start, end and \
            the same for each), or file and error. A file that was heard only in part also has skipped (text). A name \
            that is no UTF-8 has U+FFFD for what cannot be read, and fileEncoded is the same name with %XX.

            EXAMPLES:
              genrelab classify *.mp3
              genrelab classify --json set.flac | jq -r '.segments[] | "\\(.start) \\(.genre)"'
              genrelab classify --json music/
              curl -s URL | genrelab classify -

            EXIT CODES:
              0   all files were classified
              1   some were not
              2   all were, but some are damaged, and only a part of them was heard
            """)

    @OptionGroup var choice: ModelOption

    @Flag(help: "Print JSON, one line per file.")
    var json = false

    @Option(help: ArgumentHelp("The length of a segment.", valueName: "seconds"))
    var segments = 30.0

    @Flag(help: "With --json, also print every window's probabilities and the position of its end.")
    var windows = false

    @Argument(help: "Audio files and folders; - is standard input.")
    var files: [String]

    func validate() throws {
        guard (3...86_400).contains(segments) else { throw ValidationError("--segments must be 3 to 86400 seconds") }
        if windows && !json { throw ValidationError("--windows needs --json") }
        if files.filter({ $0 == "-" }).count > 1 { throw ValidationError("- can be given only once") }
    }

    private struct Failure: Encodable {
        var file: String
        var fileEncoded: String?
        var error: String
    }

    func run() throws {
        let model = try choice.load()
        let (paths, problems) = AudioInput.files(files)
        for problem in problems { Output.note("genrelab: \(problem)") }
        var (failed, isPartial) = (!problems.isEmpty, false)
        for file in paths {
            do {
                let reader = try AudioInput.reader(file)
                let result = try Classification(
                    reader, name: file, model: model, length: segments, withWindows: windows)
                if json { try Output.json(result) } else { printTable(result, name: file) }
                if let skipped = result.skipped {
                    isPartial = true
                    Output.note("genrelab: \(file): \(skipped)")
                }
            } catch let error as EncodingError {
                throw error
            } catch {
                failed = true
                if json {
                    try Output.json(
                        Failure(
                            file: PathText.replaced(file), fileEncoded: Classification.encoded(file),
                            error: printable("\(error)")))
                }
                // Errors from Capture name the file already.
                let place = error is CaptureError ? "" : "\(file): "
                Output.note("genrelab: \(place)\(error)")
            }
        }
        if failed { throw ExitCode.failure }
        if isPartial { throw ExitCode.partly }
    }

    private func printTable(_ result: Classification, name file: String) {
        func row(_ name: String, _ genre: String, _ confidence: Double, _ votes: Double, _ all: [String: Double])
            -> [String]
        {
            let others = all.filter { $0.key != genre && $0.value >= 0.1 }.sorted {
                ($1.value, $0.key) < ($0.value, $1.key)
            }
            .prefix(2).map { "\($0.key) \($0.value.percent)" }.joined(separator: ", ")
            return [name, genre, confidence.percent, votes.percent, others]
        }
        Output.line(
            "\(Output.bold(printable(file))): \(Output.bold(result.genre)), \(result.confidence.percent)"
        )
        var rows = [["  segment", "genre", "confidence", "votes", "others"]]
        for segment in result.segments {
            let name = "  \(Self.clock(segment.start)) – \(Self.clock(segment.end))"
            rows.append(row(name, segment.genre, segment.confidence, segment.votes, segment.probabilities))
        }
        rows.append(row("  whole", result.genre, result.confidence, result.votes, result.probabilities))
        let lines = Table.lines(rows)
        for (index, line) in lines.enumerated() { Output.line(index == 0 ? Output.dim(line) : line) }
    }

    private static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        return String(format: "%d:%02d", whole / 60, whole % 60)
    }
}
