// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Capture
import Foundation
import Model
import Streaming
import Training

/// `genrelab streams`: how well the published label follows streams of clips with known changes.
struct StreamsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "streams",
        abstract: "Evaluate the published label on streams of clips with known genres.",
        discussion: """
            Plays clips one after the other, as a radio would, with neighbours of different genres, and compares what \
            genred would publish with what was playing. Prints the share of time that the label is right and wrong \
            (from 6 s after a change on; the rest is unsure), the share of clips whose label was found at all, the \
            median delay of the right label over all changes and over those where it was found, and how often per \
            minute the label became wrong or the right one was given up: for the estimator with the daemon's defaults, \
            and for the raw windows.

            With several --fold MODEL=TRACKS, each model is played only its own tracks: give models that were trained \
            without them. --search tries a grid of the estimator's parameters.

            EXIT CODES: 0 all clips were played; 1 some were left out, or nothing could be evaluated; 2 all were played, \
            but some are damaged, and only a part of them was heard.
            """)

    @Argument(help: "The folder of audio: <genre>/…/<track>.<any extension>.")
    var audioDir: String

    @Option(
        help: ArgumentHelp(
            "A model and the list of its tracks; can be repeated.", valueName: "model=tracks"))
    var fold: [String] = []

    @OptionGroup var choice: ModelOption

    @Option(help: "With one model, the list of tracks to play: one <genre>/<track> per line. By default all.")
    var tracks: String?

    @Option(help: "Seconds to play of each clip.")
    var seconds = 30.0

    @Option(help: "How often each clip is played, each time between different neighbours.")
    var rounds = 2

    @Option(help: "Random seed.")
    var seed: UInt64 = 1

    @Flag(help: "Try a grid of the estimator's parameters and print the best.")
    var search = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (10...3600).contains(seconds) else { throw ValidationError("--seconds must be 10 to 3600") }
        guard (1...100).contains(rounds) else { throw ValidationError("--rounds must be 1 to 100") }
        guard fold.isEmpty || (choice.model == nil && tracks == nil) else {
            throw ValidationError("--fold gives both the model and the tracks; leave out --model and --tracks")
        }
    }

    func run() throws {
        let folder = try AudioFolder(audioDir)
        var streams: [RecordedStream] = []
        for remark in folder.remarks + folder.skipped { Output.note(remark) }
        var (leftOut, partial) = (folder.skipped.count, Set<String>())
        for (number, (model, names)) in try folds().enumerated() {
            let playable = folder.entries.filter { entry in
                model.labels.contains(entry.name.genre) && names?.contains(entry.name) != false
            }
            guard !playable.isEmpty else {
                throw TrainingError(
                    .badParameter,
                    "no track in '\(audioDir)' is on the list and has a genre that the model knows")
            }
            streams += try record(model, playable, seed: seed &+ UInt64(number) << 32, &leftOut, &partial)
        }
        let evaluation = StreamEvaluation(streams)
        guard evaluation.hasSettledSteps else {
            throw TrainingError(
                .badParameter,
                "nothing to evaluate: no clip is longer than \(Int(StreamMetrics.settling)) s")
        }
        let report = StreamsReport(
            chosen: try evaluation.metrics(EstimatorParameters()), raw: evaluation.rawMetrics(),
            found: search ? try best(evaluation) : nil)
        try json ? report.printJSON() : report.printTable()
        if leftOut > 0 { throw ExitCode.failure }
        if !partial.isEmpty { throw ExitCode.partly }
    }

    /// Each model with its tracks; nil means all tracks.
    private func folds() throws -> [(GenreModel, Set<TrackName>?)] {
        guard !fold.isEmpty else {
            let tracks = try tracks.map { path in Set(try TrackList.read(path)) }
            return [(try choice.load(), tracks)]
        }
        return try fold.map { entry in
            let parts = entry.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("'\(entry)' is not MODEL=TRACKS") }
            return (try GenreModel(contentsOf: parts[0]), Set(try TrackList.read(parts[1])))
        }
    }

    /// Records the streams of one model: one per round, each in another order. A stream has one sample rate, so clips
    /// of different rates play in different streams.
    private func record(
        _ model: GenreModel, _ entries: [AudioFolder.Entry], seed: UInt64, _ leftOut: inout Int,
        _ partial: inout Set<String>
    ) throws -> [RecordedStream] {
        let progress = ProgressBar("Listening", total: entries.count * rounds)
        var rates: [Int: [AudioFolder.Entry]] = [:]
        for entry in entries {
            do {
                rates[try AudioFileReader(path: entry.path).format.sampleRate, default: []].append(entry)
            } catch {
                Output.note("left out: \(error)")
                leftOut += 1
            }
        }
        return try rates.sorted { $0.key < $1.key }.flatMap { rate, entries in
            let paths = Dictionary(entries.map { ($0.name, $0.path) }) { first, _ in first }
            return try (0..<rounds).map { round in
                let recorder = try StreamRecorder(model: model, rate: rate)
                for name in StreamOrder.apart(entries.map(\.name), seed: seed &+ UInt64(round)) {
                    let reader = try AudioFileReader(path: paths[name] ?? "")
                    let samples = reader.readAll().prefix(Int(seconds * Double(rate)))
                    if let losses = reader.losses.text, partial.insert(name.description).inserted {
                        Output.note("\(paths[name] ?? ""): \(losses)")
                    }
                    recorder.play(Array(samples), label: model.labels.firstIndex(of: name.genre) ?? 0)
                    progress.advance()
                }
                return recorder.stream
            }
        }
    }

    /// The best candidates of the grid, by the share of time that the label is right. One false change per minute costs
    /// as much as three points of it; ten points of calibration error cost as much as two.
    private func best(_ evaluation: StreamEvaluation) throws -> [StreamsReport.Candidate] {
        func worth(_ metrics: StreamMetrics) -> Double {
            metrics.right - 0.03 * metrics.falseChanges - 0.2 * (metrics.calibrationError ?? 0)
        }
        let progress = ProgressBar("Searching", total: StreamEvaluation.grid.count)
        let tried = try StreamEvaluation.grid.map { parameters in
            defer { progress.advance() }
            return StreamsReport.Candidate(parameters, try evaluation.metrics(parameters))
        }
        return Array(tried.sorted { worth($0.metrics) > worth($1.metrics) }.prefix(24))
    }
}
