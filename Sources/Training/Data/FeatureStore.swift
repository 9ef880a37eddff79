// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// A directory `<genre>/<track>.npy` of log-mel in dB, [frames, 64]: what `genrelab extract` writes and training reads.
package struct FeatureStore: Sendable {
    package let root: String
    /// The tracks in the store, sorted.
    package let tracks: [TrackName]

    /// Lists the store: every `<folder>/<name>.npy` is a track.
    package init(at root: String) throws(TrainingError) {
        self.root = root
        var tracks: [TrackName] = []
        for genre in try listFolder(root) where isFolder("\(root)/\(genre)") {
            for file in try listFolder("\(root)/\(genre)") where file.hasSuffix(".npy") {
                tracks.append(TrackName(genre: genre, track: String(file.dropLast(4))))
            }
        }
        guard !tracks.isEmpty else {
            throw TrainingError(
                .malformed,
                "'\(root)' is not a feature store: it has no <genre>/<track>.npy; make one with genrelab extract"
            )
        }
        self.tracks = tracks
    }

    /// The path of a track's features in the store at `root`.
    package static func path(of track: TrackName, in root: String) -> String { "\(root)/\(track).npy" }

    /// Reads and checks a track's features.
    package func load(_ track: TrackName) throws(TrainingError) -> LogMel { try Self.load(track, in: root) }

    /// Reads and checks a track's features in the store at `root`.
    package static func load(_ track: TrackName, in root: String) throws(TrainingError) -> LogMel {
        LogMel(values: try array(track, in: root).values)
    }

    private static func array(_ track: TrackName, in root: String) throws(TrainingError) -> NpyArray {
        let path = Self.path(of: track, in: root)
        let array = try NpyArray(contentsOf: path)
        let bands = FrontEnd.version1.melBands
        guard array.shape.count == 2, array.shape[1] == bands else {
            throw TrainingError(.unsupported, "'\(path)' has shape \(array.shape); features are [frames, \(bands)]")
        }
        guard array.values.allSatisfy({ $0.isFinite && abs($0) <= 1000 }) else {
            throw TrainingError(.unsupported, "'\(path)' holds values that are not decibels (not finite, or over 1000)")
        }
        return array
    }

    /// Writes a track's features, completely or not at all; their folder must exist.
    package static func write(
        _ features: LogMel, as track: TrackName, in root: String, halfPrecision: Bool = true
    ) throws(TrainingError) {
        let array = NpyArray(
            shape: [features.frames, features.bands], values: features.values, isHalfPrecision: halfPrecision)
        try writeFile(array.serialized(), to: path(of: track, in: root))
    }

    /// Whether the store at `root` has valid features of a track with this precision.
    package static func contains(_ track: TrackName, in root: String, halfPrecision: Bool) -> Bool {
        (try? array(track, in: root))?.isHalfPrecision == halfPrecision
    }
}
