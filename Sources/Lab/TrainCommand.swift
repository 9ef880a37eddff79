// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Foundation
import Model
import Training

/// Trains a model.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a network on features.",
        discussion: """
            Stores are made by genrelab extract. A folder is a label; no-music is the label of what is no music, and \
            --label speech=no-music makes another folder one of it.

            WHAT IS HELD OUT
              --valid FILE            these tracks; all others are trained on, or those of --split FILE; with --refit \
            everything is trained on once more when the held-out ones are judged
              --folds N               every group of --groups FILE once, or without it every track, N networks; then one \
            that is trained on everything is the model. With --valid, these tracks are held out from each of the N too, and what else is in their store is \
            trained on by all.
              nothing                 everything is trained on, and nothing is known of the result
            A group (an artist, a source, a speaker) is never on both sides. Without --groups tracks of one artist are, and \
            the figures flatter.

            MODEL gets the network of averaged weights, calibrated by what was held out, and its card. With --folds there \
            is a temperature and for each genre an offset of its logits, and each fold is judged with those that fit the \
            others; with --valid alone there is a temperature. Beside it are written MODEL.json and MODEL.html, the \
            report, and while it runs a checkpoint after every epoch: --resume goes on from there, to the same model as without the pause, byte for byte.

            The same seed, data and options give the same model on the same machine, however many cores it uses.

            --config FILE is JSON; --print-config shows every key with its default.

            EXAMPLES:
              genrelab train --features features --valid held-out.txt --out mine.safetensors
              genrelab train --features mine:2 --features theirs --folds 5 --groups groups.tsv --out both.safetensors
            """)

    @OptionGroup var data: DataOptions

    @Option(
        help: ArgumentHelp(
            "Stores of the same tracks as they sound otherwise (codec, room); one is drawn each time.", valueName: "dir"
        ))
    var variants: [String] = []

    @Option(help: ArgumentHelp("The tracks to train on, a <genre>/<track> a line.", valueName: "file"))
    var split: String?

    @Option(help: ArgumentHelp("The tracks to hold out.", valueName: "file"))
    var valid: String?

    @Option(help: "Networks for cross-validation.")
    var folds: Int?

    @Option(help: ArgumentHelp("How to train, as JSON.", valueName: "file"))
    var config: String?

    @Flag(help: "Print the configuration with all its keys, and stop.")
    var printConfig = false

    @Option(help: ArgumentHelp("Where the model is written.", valueName: "model"))
    var out: String?

    @Option(help: "What everything random follows from.")
    var seed: UInt64 = 1

    @Option(help: "Instead of the configuration's number of epochs, and of its teachers'.")
    var epochs: Int?

    @Option(help: "Threads; one a core by default. Changes the time only.")
    var jobs: Int?

    @Flag(help: "Go on from the checkpoints beside MODEL.")
    var resume = false

    @Flag(
        help:
            "Also write each fold's model and the list of what it never saw: MODEL.fold1.safetensors, MODEL.fold1.txt.")
    var keepFolds = false

    @Flag(help: "With --valid: judge, then train again on everything; that is the model.")
    var refit = false

    @Flag(help: "With --folds: judge only, and train no model on everything.")
    var judgeOnly = false

    func validate() throws {
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs must be 1 to 256") }
        if printConfig { return }
        if data.features.isEmpty { throw ValidationError("--features DIR is missing: what is learned from") }
        if out == nil { throw ValidationError("--out MODEL is missing: where the model is written") }
        if let folds {
            guard (2...50).contains(folds) else { throw ValidationError("--folds must be 2 to 50") }
            if split != nil { throw ValidationError("--split and --folds contradict each other") }
            if refit { throw ValidationError("--folds trains on everything in the end without --refit") }
        } else if judgeOnly || keepFolds {
            throw ValidationError("--judge-only and --keep-folds go with --folds")
        }
        if refit && folds == nil && valid == nil {
            throw ValidationError("--refit needs --valid FILE: what is judged by")
        }
        if split != nil && valid == nil { throw ValidationError("--split needs --valid FILE: what is judged by") }
    }

    func run() throws {
        var configuration =
            try config.map { path in try TrainingConfiguration(contentsOf: path) } ?? TrainingConfiguration()
        if let epochs {
            configuration.epochs = epochs
            for index in configuration.teachers.indices { configuration.teachers[index].epochs = epochs }
        }
        if let problem = configuration.problem { throw TrainingError(.badParameter, problem) }
        if printConfig {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return Terminal.line(String(decoding: try encoder.encode(configuration), as: UTF8.self))
        }
        guard let out else { return }
        let corpus = try Corpus(
            data.sources(), variants: variants, aliases: data.aliases(), groups: data.trackGroups())
        for remark in corpus.remarks { Terminal.note("left out: \(remark)") }
        let held = try valid.map { path in try TrackList.read(path) } ?? []
        var parts: [DataSplit] = []
        if let folds {
            parts = try DataSplit.folds(corpus, count: folds, groups: data.groupsToDivide(), heldOut: held)
        } else if !held.isEmpty {
            let training = try split.map { path in try TrackList.read(path) }
            parts = [try DataSplit(corpus, training: training, heldOut: held)]
        }
        if folds != nil {
            let trained = parts.map { Set($0.training) }
            let always = trained.dropFirst().reduce(trained.first ?? []) { $0.intersection($1) }
            if !always.isEmpty { Terminal.note("\(always.count) tracks are trained on in every fold, and judge none") }
        }
        let used = parts.reduce(into: Set<Int>()) { $0.formUnion($1.training + $1.heldOut) }
        if !parts.isEmpty, split == nil, used.count < corpus.tracks.count {
            Terminal.note(
                "\(corpus.tracks.count - used.count) of \(corpus.tracks.count) tracks neither teach nor judge: others of their groups"
                    + " are held out"
            )
        }
        for label in DataSplit.unseenLabels(of: parts, in: corpus) {
            Terminal.note(
                "all that there is of \(label) is held out at once: who judges it was not taught it, and is wrong")
        }
        let plan = TrainingPlan(
            corpus: corpus, splits: parts, trainsOnEverything: (parts.count != 1 || refit) && !judgeOnly,
            configuration: configuration, seed: seed)
        // A folder that cannot be written is found out now, and not at the end.
        let kept = keepFolds ? Array(parts.indices) : []
        let ofFolds = kept.flatMap { [Self.model(of: out, fold: $0), Self.list(of: out, fold: $0)] }
        for path in [out, out + ".json", out + ".html"] + ofFolds { try checkWritable(path) }
        let session = TrainingSession(
            plan: plan, checkpoints: out, resumes: resume, workers: Workers(count: jobs))
        Terminal.note(
            "\(corpus.tracks.count) tracks, \(corpus.labels.count) labels: \(corpus.labels.joined(separator: ", "))")
        let result = try session.run(tell)
        try write(result, to: out)
        session.removeCheckpoints()
        for part in result.report.parts {
            Terminal.line(Terminal.bold("Held out of \(part.store)"))
            for line in FiguresTable.lines(part.metrics) { Terminal.line(line) }
            Terminal.line("")
        }
        if !result.report.parts.isEmpty {
            Terminal.line(
                "calibration: temperature \(Double(result.report.temperature).digits(2))"
                    + (result.report.offsetsInWords.map { "; \($0)" } ?? ""))
        }
        if let a = result.report.noMusicCalledMusic, let b = result.report.musicCalledNoMusic {
            Terminal.line("no-music called music: \(a.percent) of windows; music called no-music: \(b.percent)")
        }
    }

    private func write(_ result: TrainingSession.Result, to out: String) throws {
        if !judgeOnly { try result.model.write(to: out) }
        try writeFile(result.report.json().utf8, to: out + ".json")
        try writeFile(ReportPage(result.report).html.utf8, to: out + ".html")
        if keepFolds {
            for (number, part) in result.folds.enumerated() {
                try part.model.write(to: Self.model(of: out, fold: number))
                try writeFile(part.heldOut.map { "\($0)\n" }.joined().utf8, to: Self.list(of: out, fold: number))
            }
        }
        Terminal.note(judgeOnly ? "report: \(out).html" : "model: \(out), report: \(out).html")
    }

    /// Where a fold's model is written, and the list of what it never saw.
    private static func model(of out: String, fold: Int) -> String { stem(of: out, fold: fold) + ".safetensors" }
    private static func list(of out: String, fold: Int) -> String { stem(of: out, fold: fold) + ".txt" }
    private static func stem(of out: String, fold: Int) -> String {
        "\((out as NSString).deletingPathExtension).fold\(fold + 1)"
    }

    private func tell(_ event: TrainingSession.Event) {
        switch event {
        case .startedAnew: Terminal.note("no checkpoint lies beside the model: training begins anew")
        case .started(let run, let number, let count, let training, let held, let after):
            let going = after > 0 ? ", going on after epoch \(after)" : ""
            let place = count > 1 ? " (network \(number) of \(count))" : ""
            Terminal.note("\(run)\(place): \(training) tracks to train on, \(held) held out\(going)")
        case .epoch(let run, let progress):
            let epoch = progress.epoch
            var text =
                "\(run) epoch \(epoch.epoch)/\(progress.epochs)  loss \(epoch.loss.digits(3))"
                + "  accuracy \(epoch.accuracy.percent)"
            if let validation = epoch.validation {
                text +=
                    "  held out: windows \(validation.windowAccuracy.percent), clips "
                    + "\(validation.clipAccuracy.percent), NLL \(validation.nll.digits(3))"
            }
            text += "  \(Int(progress.windowsPerSecond)) windows/s, \(progress.remaining.duration) left"
            let isLine = !Terminal.errorIsTerminal || epoch.validation != nil || epoch.epoch == progress.epochs
            Terminal.put(
                (Terminal.errorIsTerminal ? "\r\(text)\u{1B}[K" : text) + (isLine ? "\n" : ""), to: STDERR_FILENO)
        case .evaluated(let run, let figures):
            Terminal.note(
                "\(run): held out \(figures.clips.n) clips: windows \(figures.windows.accuracy.percent), clips "
                    + "\(figures.clips.accuracy.percent), before calibration")
        }
    }
}
