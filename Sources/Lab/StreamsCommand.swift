import ArgumentParser
import Capture
import Foundation
import Model
import Streaming
import Training

/// Streams of clips with known changes, and how well the published label follows them.
struct StreamsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "streams",
        abstract: "Judge the published label on streams made of clips with known genres.",
        discussion: """
            Clips are played one after the other, neighbours of different genres, as a radio would; what genred would \
            publish is compared with what was playing. Printed are the share of time that the label is right (from \
            6 s after a change on), the delay of the right label after a change, and how often a minute the label \
            becomes wrong: for the estimator with the daemon's defaults, and for the raw windows.

            With several --fold MODEL=TRACKS, each model hears only its own tracks: give models that were trained \
            without them. --search tries a grid of the estimator's parameters.
            """)

    @Option(help: "The folder of audio: <genre>/<track>.<any extension>.")
    var audio: String

    @Option(help: "A model and a file that lists the tracks it hears, a <genre>/<track> a line: MODEL=TRACKS.")
    var fold: [String] = []

    @Option(help: "The model, if there is only one; the shipped one by default.")
    var model: String?

    @Option(help: "The tracks, if there is only one model; all under --audio by default.")
    var tracks: String?

    @Option(help: "Seconds of each clip.")
    var seconds = 30.0

    @Option(help: "How often each clip is played, each time between others.")
    var rounds = 2

    @Option(help: "The order's seed.")
    var seed: UInt64 = 1

    @Flag(help: "Try a grid of the estimator's parameters and print the best.")
    var search = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (5...3600).contains(seconds) else { throw ValidationError("--seconds must be 5 to 3600") }
        guard (1...100).contains(rounds) else { throw ValidationError("--rounds must be 1 to 100") }
        guard fold.isEmpty || (model == nil && tracks == nil) else {
            throw ValidationError("--fold says both the model and the tracks; leave --model and --tracks out")
        }
    }

    func run() throws {
        var folds: [(GenreModel, [TrackName])] = []
        for entry in fold {
            let parts = entry.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("'\(entry)' is not of the form MODEL=TRACKS") }
            folds.append((try GenreModel(contentsOf: parts[0]), try TrackList.read(parts[1])))
        }
        if folds.isEmpty {
            let model = try model.map { path in try GenreModel(contentsOf: path) } ?? GenreModel.shipped()
            folds.append((model, try tracks.map { path in try TrackList.read(path) } ?? AudioFolder.tracks(in: audio)))
        }
        var streams: [RecordedStream] = []
        for (number, (model, names)) in folds.enumerated() {
            streams += try record(model, names, seed: seed &+ UInt64(number) << 32)
        }
        let evaluation = StreamEvaluation(streams)
        let chosen = try evaluation.figures(EstimatorParameters())
        let raw = evaluation.rawFigures()
        let found = search ? try best(evaluation) : []
        if json {
            try printJSON(chosen: chosen, raw: raw, found: found)
        } else {
            printTable(chosen: chosen, raw: raw, found: found)
        }
    }

    /// The streams of one model: each round is one, in another order.
    private func record(_ model: GenreModel, _ names: [TrackName], seed: UInt64) throws -> [RecordedStream] {
        var streams: [RecordedStream] = []
        for round in 0..<rounds {
            var recorder: StreamRecorder?
            var rate = 0
            let order = StreamOrder.apart(names.filter { model.labels.contains($0.genre) }, seed: seed &+ UInt64(round))
            for (index, name) in order.enumerated() {
                guard let label = model.labels.firstIndex(of: name.genre) else { continue }
                let reader = try AudioFileReader(path: AudioFolder.file(of: name, in: audio))
                if recorder == nil {
                    rate = reader.format.sampleRate
                    recorder = try StreamRecorder(model: model, rate: rate)
                }
                guard reader.format.sampleRate == rate else {
                    throw ValidationError("\(name) has \(reader.format.sampleRate) Hz, the clips before it \(rate) Hz: a stream has one rate")
                }
                recorder?.play(try reader.samples(seconds: seconds), label: label)
                Terminal.progress("round \(round + 1) of \(rounds)", index + 1, order.count)
            }
            if let recorder { streams.append(recorder.stream) }
        }
        return streams
    }
}

// MARK: - What is printed

extension StreamsCommand {
    private struct Report: Encodable {
        struct Candidate: Encodable {
            var switchRate, evidenceRate, enter, leave: Double
            var figures: StreamFigures

            init(_ parameters: EstimatorParameters, _ figures: StreamFigures) {
                (switchRate, evidenceRate) = (parameters.switchRate, parameters.evidenceRate)
                (enter, leave) = (parameters.enter, parameters.leave)
                self.figures = figures
            }
        }
        var estimator: Candidate
        var windows: StreamFigures
        var search: [Candidate]?
    }

    /// The twenty best of the grid. Right time is what counts; a false change a minute costs as much as two points of it.
    private func best(_ evaluation: StreamEvaluation) throws -> [(EstimatorParameters, StreamFigures)] {
        try evaluation.search { Terminal.progress("search", $0, $1) }
            .sorted { $0.1.right - 0.02 * $0.1.falseChanges > $1.1.right - 0.02 * $1.1.falseChanges }
            .prefix(20).map { $0 }
    }

    private func printJSON(
        chosen: StreamFigures, raw: StreamFigures, found: [(EstimatorParameters, StreamFigures)]
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let report = Report(
            estimator: .init(EstimatorParameters(), chosen), windows: raw,
            search: search ? found.map { Report.Candidate($0.0, $0.1) } : nil)
        print(String(decoding: try encoder.encode(report), as: UTF8.self))
    }

    private func printTable(
        chosen: StreamFigures, raw: StreamFigures, found: [(EstimatorParameters, StreamFigures)]
    ) {
        print(String(format: "%d clips, %.0f minutes\n", chosen.clips, chosen.minutes))
        print("                                right  wrong  found  delay  (of found)  false/min  calibration")
        Self.row("raw windows", raw)
        Self.row("estimator, defaults", chosen)
        for (parameters, figures) in found {
            let name = String(
                format: "%5.0f s %4.2f/s %4.2f %4.2f", 1 / parameters.switchRate, parameters.evidenceRate,
                parameters.enter, parameters.leave)
            Self.row(name, figures)
        }
        if search { print("\nrows of the search: mean time between changes, evidence rate, enter, leave") }
    }

    private static func row(_ name: String, _ figures: StreamFigures) {
        func seconds(_ value: Double?) -> String { value.map { String(format: "%4.1f s", $0) } ?? "  none" }
        print(
            name.padding(toLength: 30, withPad: " ", startingAt: 0)
                + String(format: "%7.3f%7.3f%7.3f ", figures.right, figures.wrong, figures.found)
                + seconds(figures.medianDelay) + "      " + seconds(figures.medianDelayFound)
                + String(format: "%11.2f%13.3f", figures.falseChanges, figures.calibrationError))
    }
}
