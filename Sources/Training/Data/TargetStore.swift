// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model

/// A directory `<genre>/<track>.npy` of a teacher's targets, [rows, labels]: row k for the 3 s from 3k s on. `labels.txt` in
/// it names the columns, one label a line; without it the columns are the genres, sorted.
package struct TargetStore: Sendable {
    package let root: String
    /// The labels of the columns; nil if the store does not name them.
    package let labels: [String]?

    private static let labelsFile = "labels.txt"
    /// As many labels as a model can have.
    private static let mostLabels = 64

    package init(at root: String) throws(TrainingError) {
        guard isFolder(root) else {
            throw TrainingError(.badParameter, "'\(root)', given as --targets, is not a folder")
        }
        self.root = root
        let path = "\(root)/\(Self.labelsFile)"
        guard FileManager.default.fileExists(atPath: path) else {
            labels = nil
            return
        }
        let names = try TrackList.lines(readFile(path, limit: 1 << 20), path: path).map { String($0.text) }
        guard !names.isEmpty, names.count <= Self.mostLabels, Set(names).count == names.count else {
            throw TrainingError(
                .malformed, "'\(path)' must name each label once, 1 to \(Self.mostLabels) of them")
        }
        labels = names
    }

    /// Where the columns go in a corpus's labels.
    ///
    /// - Parameters:
    ///   - labels: the corpus's labels.
    ///   - noMusic: the indices of those that are not genres.
    func columns(in labels: [String], noMusic: Set<Int>) throws(TrainingError) -> [Int] {
        let names = self.labels ?? labels.indices.filter { !noMusic.contains($0) }.map { labels[$0] }
        return try names.map { name throws(TrainingError) in
            guard let column = labels.firstIndex(of: name) else {
                throw TrainingError(
                    .badParameter,
                    "the targets in '\(root)' have a label '\(name)', which no store has: its labels are"
                        + " \(labels.joined(separator: ", "))")
            }
            return column
        }
    }

    /// Reads and checks a track's targets; nil if the store has none.
    ///
    /// - Parameters:
    ///   - frames: the track's length, which decides how many rows are needed.
    ///   - columns: where each column goes in the `labels` labels of the corpus.
    func load(_ track: TrackName, frames: Int, columns: [Int], labels: Int) throws(TrainingError) -> TrackTargets? {
        let path = "\(root)/\(track).npy"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let array = try NpyArray(contentsOf: path)
        guard array.shape.count == 2, array.shape[1] == columns.count else {
            let names = self.labels == nil ? "; without a labels.txt there must be one for each genre" : ""
            throw TrainingError(
                .unsupported,
                "'\(path)' has shape \(array.shape); targets are [rows, \(columns.count)], one column a label\(names)")
        }
        // A teacher may have heard more of the recording than its features hold, but not with another hop.
        let needed = frames / TrackTargets.rowFrames
        guard array.shape[0] >= max(1, needed), array.shape[0] <= (needed + 1) * 3 / 2 else {
            throw TrainingError(
                .unsupported,
                "'\(path)' has \(array.shape[0]) rows, but \(frames) frames of features need \(max(1, needed)): row k is"
                    + " for the 3 s from 3k s on")
        }
        var rows = [Float](repeating: 0, count: array.shape[0] * labels)
        for row in 0..<array.shape[0] {
            let values = array.values[(row * columns.count)..<((row + 1) * columns.count)]
            let sum = values.reduce(0, +)
            // Half precision rounds a sum by far less than this.
            guard values.allSatisfy({ $0 >= 0 && $0 <= 1.01 }), abs(sum - 1) < 0.02 else {
                throw TrainingError(
                    .unsupported, "'\(path)', row \(row): these are not probabilities (each 0 to 1, with the sum 1)")
            }
            for (column, value) in zip(columns, values) { rows[row * labels + column] = value / sum }
        }
        return TrackTargets(rows: rows, labels: labels)
    }

    /// Writes a track's targets, completely or not at all; their folder must exist.
    ///
    /// - Parameter rows: [rows, labels].
    package static func write(
        _ rows: [Float], labels: Int, as track: TrackName, in root: String
    ) throws(TrainingError) {
        let array = NpyArray(shape: [rows.count / labels, labels], values: rows, isHalfPrecision: true)
        try writeFile(array.serialized(), to: "\(root)/\(track).npy")
    }

    /// Writes the file that names the columns.
    package static func write(labels: [String], in root: String) throws(TrainingError) {
        try writeFile(labels.map { "\($0)\n" }.joined().utf8, to: "\(root)/\(labelsFile)")
    }
}
