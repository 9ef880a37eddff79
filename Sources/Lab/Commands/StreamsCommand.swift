// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
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

            --features DIR plays a feature store in place of audio. With --speech-lead=DB somebody talks over all of the \
            music, louder than it or, with --speech-lead=-6, quieter. The last line then shows whether the louder one of \
            both was published; right and wrong are still about the genre of the music.

            With several --fold MODEL=TRACKS, each model is played only its own tracks: give models that were trained \
            without them. --search tries a grid of the estimator's parameters.

            EXIT CODES:
              0   all clips were played
              1   some were left out, or nothing could be evaluated
              2   all were played, but some are damaged, and only a part of them was
                  heard
            """)

    @Argument(help: "The folder of audio: <genre>/…/<track>.<any extension>.")
    var audioDir: String?

    @Option(
        help: ArgumentHelp(
            "A feature store to play in place of audio; can be repeated.", valueName: "dir"))
    var features: [String] = []

    @Option(
        help: ArgumentHelp(
            "Mix speech over all music, this much louder than it (EBU R 128): tracks in the folder 'speech' of the stores.",
            valueName: "dB"))
    var speechLead: Double?

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
        guard (audioDir == nil) != features.isEmpty else {
            throw ValidationError("give a folder of audio, or --features DIR, and not both")
        }
        if let speechLead {
            guard !features.isEmpty else { throw ValidationError("--speech-lead needs --features DIR") }
            guard (-60...60).contains(speechLead) else { throw ValidationError("--speech-lead must be -60 to 60 dB") }
        }
    }

    func run() throws {
        var losses = StreamClips.Losses()
        let clips = try clips(&losses)
        var streams: [RecordedStream] = []
        for (number, (model, names)) in try folds().enumerated() {
            if let first = streams.first, first.labels != model.labels {
                throw TrainingError(.badParameter, "the models of --fold have different labels")
            }
            streams += try clips.record(model, only: names, seed: UInt64(number), &losses)
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
        if losses.leftOut > 0 { throw ExitCode.failure }
        if !losses.partial.isEmpty { throw ExitCode.partly }
    }

    /// What is played.
    private func clips(_ losses: inout StreamClips.Losses) throws -> StreamClips {
        let settings = StreamClips.Settings(seconds: seconds, rounds: rounds, seed: seed, speechLead: speechLead)
        guard let audioDir else { return try StreamClips(try features.map { try FeatureStore(at: $0) }, settings) }
        let folder = try AudioFolder(audioDir)
        for remark in folder.remarks + folder.skipped { Output.note(remark) }
        losses.leftOut = folder.skipped.count
        return StreamClips(folder, settings)
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
