// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Foundation
import Model
import Synchronization
import Training

/// `genrelab evaluate`: evaluates a model.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure how often a model is right.",
        discussion: """
            Evaluates windows of 3 s, one every 0.24 s, and whole clips. A clip's label has the greatest mean of its \
            windows' log-probabilities; with --vote majority it is the label of most windows. Intervals are Wilson's, \
            95 %. Those of windows are as wide as the number of clips makes them, since the windows of a clip are not \
            independent. NLL is the mean negative log-likelihood of windows, ECE their expected calibration error (15 \
            bins).

            --json prints windows (n, accuracy, interval, macroF1, nll, ece), clips (n, accuracy, interval, macroF1, \
            confusion), labels, confusion (windows; rows are the reference), perLabel, reliability; with --degrade also \
            degraded, the same for each degradation.

            Evaluating a model on tracks that it was trained on tells nothing: give --split a list of held-out tracks.

            EXIT CODES:
              0   everything was evaluated
              1   some files were left out, or nothing could be evaluated
              2   all were evaluated, but some are damaged, and only a part of them
                  was heard
            """)

    @OptionGroup var choice: ModelOption
    @OptionGroup var data: DataOptions

    @Option(
        help: ArgumentHelp(
            "A folder of audio instead of features: <genre>/…/<track>.<any extension>.", valueName: "dir"))
    var audio: String?

    @Option(help: ArgumentHelp("Evaluate only these tracks: one <genre>/<track> per line.", valueName: "file"))
    var split: String?

    @Option(help: "How windows decide the label of a clip: logarithmic or majority.")
    var vote = ClassificationMetrics.Vote.logarithmic

    @OptionGroup var jobs: JobsOption

    @Flag(help: "With --audio: evaluate again under noise, codecs, room acoustics and more, and compare.")
    var degrade = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if degrade && audio == nil { throw ValidationError("--degrade needs --audio DIR") }
        guard (audio == nil) != data.features.isEmpty else {
            throw ValidationError("give either --features DIR or --audio DIR")
        }
    }

    func run() throws {
        let model = try choice.load()
        let only = try split.map { path in Set(try TrackList.read(path)) }
        let (outputs, leftOut, partial) = try outputs(of: model, only)
        if let only, let missing = only.subtracting(outputs.map(\.name)).min() {
            throw TrainingError(.badParameter, "no windows of '\(missing)', which --split names")
        }
        let metrics = metrics(outputs, model)
        guard metrics.windows.n > 0 else { throw TrainingError(.badParameter, "there are no windows to evaluate") }
        let (degraded, leftOutDegraded) = try degraded(model, only)
        if json {
            try printJSON(metrics, degraded)
        } else {
            printTables(metrics, degraded)
        }
        if leftOut + leftOutDegraded > 0 { throw ExitCode.failure }
        if partial > 0 { throw ExitCode.partly }
    }

    private func metrics(_ outputs: [ClipOutput], _ model: GenreModel) -> ClassificationMetrics {
        ClassificationMetrics(outputs, labels: model.labels, temperature: model.temperature, vote: vote)
    }

    /// The model's outputs for the audio or the features, and the numbers of files that were left out and of those that
    /// were heard only in part.
    private func outputs(
        of model: GenreModel, _ only: Set<TrackName>?
    ) throws -> (outputs: [ClipOutput], leftOut: Int, partial: Int) {
        if let audio { return try outputs(ofAudio: audio, only, model) }
        let corpus = try Corpus(
            data.sources(), aliases: data.aliases(), noMusic: model.noMusicLabels.map { model.labels[$0] },
            groups: data.trackGroups(), only: only, labels: model.labels)
        for remark in corpus.remarks { Output.note("left out: \(remark)") }
        let outputs = model.outputs(of: Array(corpus.tracks.indices), in: corpus, workers: jobs.workers)
        return (outputs, corpus.remarks.count, 0)
    }

    /// The metrics under each degradation with `--degrade`, and the number of files that were left out.
    private func degraded(
        _ model: GenreModel, _ only: Set<TrackName>?
    ) throws -> (metrics: [(degradation: Degradation, metrics: ClassificationMetrics)], leftOut: Int) {
        guard degrade, let audio else { return ([], 0) }
        var leftOut = 0
        let result = try Degradation.all.map { degradation in
            let (outputs, count, _) = try outputs(ofAudio: audio, only, model, through: degradation)
            leftOut += count
            return (degradation: degradation, metrics: metrics(outputs, model))
        }
        return (result, leftOut)
    }

    /// The output of `--json`: the metrics, and with `--degrade` those under each degradation by its name.
    private struct Document: Encodable {
        var metrics: ClassificationMetrics
        var degraded: [String: ClassificationMetrics]?

        enum CodingKeys: CodingKey {
            case degraded
        }

        func encode(to encoder: any Encoder) throws {
            try metrics.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(degraded, forKey: .degraded)
        }
    }

    private func printJSON(
        _ metrics: ClassificationMetrics, _ degraded: [(degradation: Degradation, metrics: ClassificationMetrics)]
    ) throws {
        let byName = Dictionary(uniqueKeysWithValues: degraded.map { ($0.degradation.name, $0.metrics) })
        try Output.json(Document(metrics: metrics, degraded: degrade ? byName : nil))
    }

    private func printTables(
        _ metrics: ClassificationMetrics, _ degraded: [(degradation: Degradation, metrics: ClassificationMetrics)]
    ) {
        Output.lines(MetricsTable.lines(metrics))
        guard degrade else { return }
        Output.line("")
        let rows = [("original", metrics)] + degraded.map { ($0.degradation.summary, $0.metrics) }
        Output.lines(
            Table.lines(
                [["", "windows", "clips", "NLL", "ECE"]]
                    + rows.map { name, metrics in
                        metrics.windows.n == 0
                            ? [name, "–", "–", "–", "–"]
                            : [
                                name, metrics.windows.accuracy.percent, metrics.clips.accuracy.percent,
                                metrics.windows.nll.digits(3), metrics.windows.ece.digits(3),
                            ]
                    }))
    }

    /// The model's outputs for a folder of audio, and the numbers of files that were left out and of those that were heard
    /// only in part.
    private func outputs(
        ofAudio root: String, _ only: Set<TrackName>?, _ model: GenreModel, through degradation: Degradation? = nil
    ) throws -> (outputs: [ClipOutput], leftOut: Int, partial: Int) {
        let aliases = try data.aliases()
        let folder = try AudioFolder(root)
        let entries = folder.entries.filter { only?.contains($0.name) ?? true }
        let progress = ProgressBar(degradation.map { "Evaluating (\($0.name))" } ?? "Evaluating", total: entries.count)
        let results = Mutex<[Int: ClipOutput]>([:])
        let remarks = Mutex<[Int: String]>([:])
        let partial = Mutex<[Int: String]>([:])
        jobs.workers.forEach(entries.count) { index, _ in
            let name = entries[index].name
            defer { progress.advance() }
            guard let label = model.labels.firstIndex(of: aliases[name.genre] ?? name.genre) else {
                remarks.withLock { $0[index] = "\(name): the model has no label '\(name.genre)'" }
                return
            }
            do {
                let (features, losses) = try AudioFeatures.read(entries[index].path, name, through: degradation)
                if let losses { partial.withLock { $0[index] = "\(entries[index].path): \(losses)" } }
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
        for (_, remark) in left { Output.note("left out: \(remark)") }
        let damaged = partial.withLock { $0.sorted { $0.key < $1.key } }.map(\.value)
        // The same files are read again for each degradation.
        if degradation == nil { for remark in folder.remarks + folder.skipped + damaged { Output.note(remark) } }
        return (
            results.withLock { $0.sorted { $0.key < $1.key } }.map(\.value), left.count + folder.skipped.count,
            damaged.count
        )
    }
}

extension ClassificationMetrics.Vote: ExpressibleByArgument {}
