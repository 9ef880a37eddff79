// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Foundation
import Model
import Synchronization
import Training

/// Judges a model.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure how often a model is right.",
        discussion: """
            Windows of 3 s, a new one every 0.24 s, and whole clips are judged. A clip's label has the greatest mean \
            of its windows' log-probabilities; with --vote majority it is the label of most windows. Intervals are \
            Wilson's, 95 %; those of windows are as wide as the number of clips makes them, since the windows of a \
            clip are not independent. NLL is the mean negative log-likelihood of windows, ECE their expected \
            calibration error (15 bins).

            With --json: windows (n, accuracy, interval, macroF1, nll, ece), clips (n, accuracy, interval, macroF1, \
            confusion), labels, confusion (windows; rows are true), perLabel, reliability; with --degrade also degraded, \
            the same for each way of it.

            What the model was trained on tells nothing: judge by --split, a list of tracks that it never saw.

            EXIT CODES: 0 everything was judged; 1 some files were left out, or nothing could be judged.
            """)

    @OptionGroup var choice: ModelChoice
    @OptionGroup var data: DataOptions

    @Option(help: ArgumentHelp("Audio instead of features: <genre>/<track>.<any extension>.", valueName: "dir"))
    var audio: String?

    @Option(help: ArgumentHelp("Only these tracks, a <genre>/<track> a line.", valueName: "file"))
    var split: String?

    @Option(help: "How a clip's label is found: logarithmic or majority.")
    var vote = ClassificationMetrics.Vote.logarithmic

    @Option(help: "Tracks at once; one a core by default.")
    var jobs: Int?

    @Flag(help: "With --audio: judge again under noise, codecs, a room and more, and compare.")
    var degrade = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs must be 1 to 256") }
        if degrade && audio == nil { throw ValidationError("--degrade needs --audio DIR: it changes the sound") }
        guard (audio == nil) != data.features.isEmpty else {
            throw ValidationError("give --features DIR or --audio DIR, and not both")
        }
    }

    func run() throws {
        let model = try choice.load()
        let only = try split.map { path in Set(try TrackList.read(path)) }
        let workers = Workers(count: jobs)
        let outputs: [ClipOutput]
        var leftOut = 0
        if let audio {
            (outputs, leftOut) = try heard(audio, only, model, workers)
        } else {
            let corpus = try Corpus(
                data.sources(), aliases: data.aliases(), groups: data.trackGroups(), only: only, labels: model.labels)
            for remark in corpus.remarks { Terminal.note("left out: \(remark)") }
            leftOut = corpus.remarks.count
            outputs = model.outputs(of: Array(corpus.tracks.indices), in: corpus, workers: workers)
        }
        if let only, let missing = only.subtracting(outputs.map(\.name)).min() {
            throw TrainingError(.badParameter, "the split names '\(missing)', of which there are no windows to judge")
        }
        let figures = ClassificationMetrics(outputs, labels: model.labels, temperature: model.temperature, vote: vote)
        guard figures.windows.n > 0 else { throw TrainingError(.badParameter, "there is not one window to judge") }
        var degraded: [(passage: Passage, figures: ClassificationMetrics)] = []
        if degrade, let audio {
            for passage in Passage.all {
                let (outputs, count) = try heard(audio, only, model, workers, through: passage)
                leftOut += count
                let figures = ClassificationMetrics(
                    outputs, labels: model.labels, temperature: model.temperature, vote: vote)
                degraded.append((passage, figures))
            }
        }
        try print(figures, degraded)
        if leftOut > 0 { throw ExitCode.failure }
    }

    /// The figures, and with --degrade in JSON `degraded`: a channel's name to its figures.
    private struct Output: Encodable {
        var figures: ClassificationMetrics
        var degraded: [String: ClassificationMetrics]?

        enum CodingKeys: CodingKey {
            case degraded
        }

        func encode(to encoder: any Encoder) throws {
            try figures.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(degraded, forKey: .degraded)
        }
    }

    private func print(
        _ figures: ClassificationMetrics, _ degraded: [(passage: Passage, figures: ClassificationMetrics)]
    ) throws {
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let byName = Dictionary(uniqueKeysWithValues: degraded.map { ($0.passage.name, $0.figures) })
            let output = Output(figures: figures, degraded: degrade ? byName : nil)
            return Terminal.line(String(decoding: try encoder.encode(output), as: UTF8.self))
        }
        for line in FiguresTable.lines(figures) { Terminal.line(line) }
        guard degrade else { return }
        Terminal.line("")
        let rows = [("as it is", figures)] + degraded.map { ($0.passage.summary, $0.figures) }
        let header = ["", "windows", "clips", "NLL", "ECE"]
        let table = Terminal.table(
            [header]
                + rows.map { name, figures in
                    figures.windows.n == 0
                        ? [name, "–", "–", "–", "–"]
                        : [
                            name, figures.windows.accuracy.percent, figures.clips.accuracy.percent,
                            figures.windows.nll.digits(3), figures.windows.ece.digits(3),
                        ]
                })
        for line in table { Terminal.line(line) }
    }

    /// The outputs for a folder of audio, and the number of files that could not be heard.
    private func heard(
        _ root: String, _ only: Set<TrackName>?, _ model: GenreModel, _ workers: Workers,
        through passage: Passage? = nil
    ) throws -> (outputs: [ClipOutput], leftOut: Int) {
        let aliases = try data.aliases()
        let folder = try AudioFolder(root)
        let entries = folder.entries.filter { only?.contains($0.name) ?? true }
        let progress = ProgressBar(passage.map { "Hearing (\($0.name))" } ?? "Hearing", total: entries.count)
        let results = Mutex<[Int: ClipOutput]>([:])
        let remarks = Mutex<[Int: String]>([:])
        workers.forEach(entries.count) { index, _ in
            let name = entries[index].name
            defer { progress.advance() }
            guard let label = model.labels.firstIndex(of: aliases[name.genre] ?? name.genre) else {
                remarks.withLock { $0[index] = "\(name): the model has no label '\(name.genre)'" }
                return
            }
            do {
                let features = try AudioFeatures.read(entries[index].path, name, through: passage)
                if let shortage = features.shortage {
                    remarks.withLock { $0[index] = "\(name): \(shortage)" }
                    return
                }
                let logits = model.logits(of: features)
                let output = ClipOutput(name: name, label: label, store: 0, labels: model.labels.count, logits: logits)
                results.withLock { $0[index] = output }
            } catch {
                remarks.withLock { $0[index] = "\(error)" }
            }
        }
        let left = remarks.withLock { $0.sorted { $0.key < $1.key } }
        for (_, remark) in left { Terminal.note("left out: \(remark)") }
        for remark in folder.skipped { Terminal.note(remark) }
        return (results.withLock { $0.sorted { $0.key < $1.key } }.map(\.value), left.count + folder.skipped.count)
    }
}

extension ClassificationMetrics.Vote: ExpressibleByArgument {}
