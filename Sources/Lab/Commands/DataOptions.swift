// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import Foundation
import Model
import Training

/// The options that select features to train on or to evaluate with.
struct DataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A feature store; can be repeated. DIR:WEIGHT sets the share of a store within each genre.",
            valueName: "dir"))
    var features: [String] = []

    @Option(
        help: ArgumentHelp(
            "The label of a folder, such as speech=no-music. By default a folder is its own label.",
            valueName: "folder=label"))
    var label: [String] = []

    @Option(
        help: ArgumentHelp(
            "A label for audio that is not music; can be repeated, for models that tell its kinds apart. By default no-music.",
            valueName: "label"))
    var noMusic: [String] = []

    @Option(
        help: ArgumentHelp(
            "Tracks that belong together, one per line: <genre>/<track>, tab, group, and optionally tab, trust (0 to 1).",
            valueName: "file"))
    var groups: String?

    func sources() throws -> [Corpus.Source] {
        try features.map { text in
            if let colon = text.lastIndex(of: ":"), let weight = Double(text[text.index(after: colon)...]) {
                guard weight > 0, weight <= 1e6 else {
                    throw ValidationError("the weight of '\(text)' must be above 0 and at most 1e6")
                }
                return Corpus.Source(path: String(text[..<colon]), weight: weight)
            }
            return Corpus.Source(path: text)
        }
    }

    func aliases() throws -> [String: String] {
        var result: [String: String] = [:]
        for text in label {
            let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
                throw ValidationError("--label '\(printable(text))' is not FOLDER=LABEL")
            }
            if let other = result.updateValue(parts[1], forKey: parts[0]), other != parts[1] {
                throw ValidationError(printable("--label gives '\(parts[0])' two labels, \(other) and \(parts[1])"))
            }
        }
        return result
    }

    /// The labels for audio that is not music.
    var noMusicLabels: [String] { noMusic.isEmpty ? [GenreModel.noMusic] : noMusic }

    func trackGroups() throws -> TrackGroups {
        try groups.map { path in try TrackGroups(contentsOf: path) } ?? TrackGroups()
    }

    /// The groups that folds keep together. Without `--groups`, prints a warning and returns nil: each track is alone.
    func groupsForFolds() throws -> TrackGroups? {
        guard groups == nil else { return try trackGroups() }
        Output.note(
            "no --groups FILE: tracks by one artist can be both in training and held out, which makes the results too good"
        )
        return nil
    }
}
