// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// All tracks of one or more feature stores, the labels that their folders stand for, and the targets of a teacher.
package struct Corpus: Sendable {
    /// A feature store, and its weight relative to the other stores within each genre.
    package struct Source: Sendable, Equatable {
        package var path: String
        package var weight: Double

        package init(path: String, weight: Double = 1) {
            self.path = path
            self.weight = weight
        }
    }

    /// Sorted, with those for audio that is not music last.
    package let labels: [String]
    /// Indices of the labels for audio that is not music.
    package let noMusic: Set<Int>
    package let sources: [Source]
    package let tracks: [Track]
    /// Tracks without a label, which are trained on by their targets alone.
    package let unlabelled: [Recording]
    /// A line for each track that was left out, with the reason.
    package let remarks: [String]

    /// The number of labelled tracks that have targets.
    package var tracksWithTargets: Int { tracks.count { $0.recording.targets != nil } }

    /// The names of the labels for audio that is not music.
    package var noMusicNames: [String] { noMusic.sorted().map { labels[$0] } }

    /// Loads the stores.
    ///
    /// - Parameters:
    ///   - variants: stores with the same tracks through other channels; other tracks in them are ignored.
    ///   - unlabelled: stores whose folders are not labels: their tracks are trained on by their targets alone.
    ///   - targets: folders with a teacher's targets for tracks of any of the stores.
    ///   - aliases: folders whose label is not their name, such as `speech` → `no-music`.
    ///   - noMusic: the labels for audio that is not music, if there are such tracks.
    ///   - only: the tracks to load; nil loads all.
    ///   - labels: the labels in their order; tracks with other labels are left out. Nil takes the folders' labels.
    package init(
        _ sources: [Source], variants: [String] = [], unlabelled: [String] = [], targets: [String] = [],
        aliases: [String: String] = [:], noMusic: [String] = [GenreModel.noMusic],
        groups: TrackGroups = TrackGroups(), only: Set<TrackName>? = nil, labels: [String]? = nil
    ) throws(TrainingError) {
        self.sources = sources
        if let missing = variants.first(where: { !isFolder($0) }) {
            throw TrainingError(.badParameter, "'\(missing)', given as --variants, is not a folder")
        }
        let stores = try sources.map { source throws(TrainingError) in try FeatureStore(at: source.path) }
        let targetStores = try targets.map { path throws(TrainingError) in try TargetStore(at: path) }
        // An evaluation, which gives `labels`, may have fewer folders than the training had.
        for (folder, label) in aliases.sorted(by: { $0.key < $1.key }) where labels == nil {
            guard stores.contains(where: { $0.tracks.contains { $0.genre == folder } }) else {
                throw TrainingError(
                    .badParameter,
                    "no store has a folder '\(folder)' (from --label \(folder)=\(label)): check its spelling")
            }
        }
        let names = Set(stores.flatMap { $0.tracks.map { aliases[$0.genre] ?? $0.genre } })
        // Without labelled tracks the targets name the labels.
        let known = sources.isEmpty ? Set(targetStores.flatMap { $0.labels ?? [] }) : names
        self.labels =
            labels ?? known.sorted { (noMusic.contains($0) ? 1 : 0, $0) < (noMusic.contains($1) ? 1 : 0, $1) }
        let order = self.labels
        self.noMusic = Set(order.indices.filter { noMusic.contains(order[$0]) })
        guard !self.labels.isEmpty else {
            throw TrainingError(
                .badParameter,
                "nothing says which labels there are: give labelled features, or targets with a labels.txt")
        }
        var teaching = try Teaching(targetStores, labels: self.labels, noMusic: self.noMusic)
        let index = Dictionary(uniqueKeysWithValues: self.labels.enumerated().map { ($1, $0) })
        var tracks: [Track] = []
        var remarks: [String] = []
        var seen: [TrackName: Int] = [:]
        var usedVariants: Set<String> = []
        for (number, store) in stores.enumerated() {
            for name in store.tracks where only?.contains(name) ?? true {
                guard let label = index[aliases[name.genre] ?? name.genre] else {
                    remarks.append("\(name): the model has no label '\(name.genre)'")
                    continue
                }
                if let other = seen.updateValue(number, forKey: name) {
                    if other == number {
                        throw TrainingError(
                            .badParameter,
                            "'\(name)' is twice in '\(store.root)', under two Unicode spellings of the same name: rename one"
                        )
                    }
                    throw TrainingError(
                        .badParameter,
                        "'\(name)' is in '\(stores[other].root)' and in '\(store.root)': if the second store has the"
                            + " same tracks through another channel, give it as --variants")
                }
                var features = [try store.load(name)]
                if let shortage = features[0].shortage {
                    remarks.append("\(name): \(shortage)")
                    continue
                }
                for folder in variants
                where FileManager.default.fileExists(atPath: FeatureStore.path(of: name, in: folder)) {
                    let variant = try FeatureStore.load(name, in: folder)
                    usedVariants.insert(folder)
                    if variant.shortage == nil { features.append(variant) }
                }
                let entry = groups.entries[name]
                let recording = Recording(
                    name: name, group: entry?.group ?? "=\(name)", variants: features,
                    targets: try teaching.targets(of: name, frames: features[0].frames))
                tracks.append(Track(recording: recording, label: label, store: number, weight: entry?.weight ?? 1))
            }
        }
        let others = try Self.unlabelled(unlabelled, groups: groups, known: Set(seen.keys), &teaching, &remarks)
        if let unused = teaching.unused {
            throw TrainingError(.badParameter, "'\(unused)', given as --targets, has none of the stores' tracks")
        }
        if !groups.entries.isEmpty,
            !(tracks.map(\.name) + others.map(\.name)).contains(where: { groups.entries[$0] != nil })
        {
            throw TrainingError(
                .badParameter,
                "the groups file names no track of the stores: it has '\(groups.entries.keys.map(\.description).min() ?? "")', a"
                    + " store has '\(tracks.first?.name.description ?? "nothing")'; a track's name has no extension")
        }
        if let unused = variants.first(where: { !usedVariants.contains($0) }) {
            throw TrainingError(.badParameter, "'\(unused)', given as --variants, has none of the stores' tracks")
        }
        guard !tracks.isEmpty || !others.isEmpty else {
            let places = sources.map { "'\($0.path)'" }.joined(separator: ", ")
            let reason = remarks.first.map { "; \(remarks.count) left out, the first: \($0)" } ?? ""
            throw TrainingError(.malformed, "there is no usable track in \(places)\(reason)")
        }
        // An evaluation may have fewer genres than the training had.
        let present = Set(tracks.map(\.label))
        if labels == nil, !sources.isEmpty,
            let empty = self.labels.enumerated().first(where: { !present.contains($0.offset) })?.element
        {
            let folders = [empty] + aliases.filter { $0.value == empty }.keys.sorted()
            let own = remarks.first { remark in folders.contains { remark.hasPrefix("\($0)/") } }
            let reason = own ?? "none was selected"
            throw TrainingError(
                .badParameter,
                "'\(empty)' has no track left to train on (\(reason)): add one, or remove the folder")
        }
        self.tracks = tracks
        self.unlabelled = others
        self.remarks = remarks
    }
}
