// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Foundation
import Training

/// The options that say what is learned from or judged by.
struct DataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A feature store; several may be given. DIR:WEIGHT sets its share within each genre.", valueName: "dir"))
    var features: [String] = []

    @Option(
        help: ArgumentHelp(
            "A folder's label, such as speech=no-music; else a folder is its own label.", valueName: "folder=label"))
    var label: [String] = []

    @Option(
        help: ArgumentHelp(
            "What belongs together, a line each: <genre>/<track>, tab, group, and if need be tab, trust (0 to 1).",
            valueName: "file"))
    var groups: String?

    func sources() throws -> [Corpus.Source] {
        try features.map { text in
            if let colon = text.lastIndex(of: ":"), let weight = Double(text[text.index(after: colon)...]) {
                guard weight > 0, weight <= 1e6 else { throw ValidationError("the weight of '\(text)' must be over 0") }
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
                throw ValidationError("--label '\(Terminal.clean(text))' is not of the form FOLDER=LABEL")
            }
            if let other = result.updateValue(parts[1], forKey: parts[0]), other != parts[1] {
                throw ValidationError(Terminal.clean("--label makes '\(parts[0])' both \(other) and \(parts[1])"))
            }
        }
        return result
    }

    func trackGroups() throws -> TrackGroups {
        try groups.map { path in try TrackGroups(contentsOf: path) } ?? TrackGroups()
    }

    /// What folds divide; nil if it is every track on its own, of which a note is made.
    func groupsToDivide() throws -> TrackGroups? {
        guard groups == nil else { return try trackGroups() }
        Terminal.note(
            "no --groups FILE: every track is divided on its own, and tracks of one artist on both sides flatter the figures"
        )
        return nil
    }
}
