// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

extension Corpus {
    /// The targets of several stores for a corpus's labels, and which of the stores had any.
    struct Teaching {
        private let stores: [TargetStore]
        private let columns: [[Int]]
        private let labels: Int
        private var used: Set<Int> = []

        init(_ stores: [TargetStore], labels: [String], noMusic: Set<Int>) throws(TrainingError) {
            self.stores = stores
            self.labels = labels.count
            columns = try stores.map { store throws(TrainingError) in try store.columns(in: labels, noMusic: noMusic) }
        }

        /// The mean of all stores' targets for a track, over the rows that all of them have; nil if none has any.
        mutating func targets(of track: TrackName, frames: Int) throws(TrainingError) -> TrackTargets? {
            var found: [TrackTargets] = []
            for (number, store) in stores.enumerated() {
                guard
                    let targets = try store.load(track, frames: frames, columns: columns[number], labels: labels)
                else { continue }
                found.append(targets)
                used.insert(number)
            }
            guard found.count > 1 else { return found.first }
            let count = found.map(\.rows.count).min() ?? 0
            let mean = (0..<count).map { place in found.reduce(0) { $0 + $1.rows[place] } / Float(found.count) }
            return TrackTargets(rows: mean, labels: labels)
        }

        /// The folder of a store that had no targets for any track.
        var unused: String? { stores.indices.first { !used.contains($0) }.map { stores[$0].root } }
    }

    /// Loads the stores whose folders are not labels. A track without targets is left out, with a remark.
    static func unlabelled(
        _ paths: [String], groups: TrackGroups, known: Set<TrackName>, _ teaching: inout Teaching,
        _ remarks: inout [String]
    ) throws(TrainingError) -> [Recording] {
        var result: [Recording] = []
        var seen = known
        for path in paths {
            let store = try FeatureStore(at: path)
            var withoutTargets: [TrackName] = []
            for name in store.tracks {
                guard seen.insert(name).inserted else {
                    throw TrainingError(
                        .badParameter,
                        "'\(name)' is in '\(path)' and in another store: rename the folder in one of them")
                }
                let features = try store.load(name)
                if let shortage = features.shortage {
                    remarks.append("\(name): \(shortage)")
                } else if let targets = try teaching.targets(of: name, frames: features.frames) {
                    let group = groups.entries[name]?.group ?? "=\(name)"
                    result.append(Recording(name: name, group: group, variants: [features], targets: targets))
                } else {
                    withoutTargets.append(name)
                }
            }
            if let first = withoutTargets.first {
                remarks.append(
                    "\(NumberText.counted(withoutTargets.count, "track")) of '\(path)', such as \(first): neither a label"
                        + " nor targets")
            }
        }
        return result
    }
}
