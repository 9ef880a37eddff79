// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The tracks of a corpus that are trained on and those that are held out, as indices of its tracks.
package struct DataSplit: Sendable, Equatable {
    package var training: [Int]
    package var heldOut: [Int]

    /// The labels that are trained on.
    func trainedLabels(in corpus: Corpus) -> Set<Int> { Set(training.map { corpus.tracks[$0].label }) }

    /// The labels whose tracks are all held out: a model cannot predict a label that it never saw.
    private func unseenLabels(in corpus: Corpus) -> Set<Int> {
        Set(heldOut.map { corpus.tracks[$0].label }).subtracting(trainedLabels(in: corpus))
    }

    /// The labels that at least one split holds out completely.
    package static func unseenLabels(of splits: [DataSplit], in corpus: Corpus) -> [String] {
        splits.reduce(into: Set<Int>()) { $0.formUnion($1.unseenLabels(in: corpus)) }.sorted().map {
            corpus.labels[$0]
        }
    }
}

extension DataSplit {
    /// Holds out the tracks of `heldOut` and trains on those of `training`, or on all others if that is nil. A track whose
    /// group is held out is never trained on.
    package init(
        _ corpus: Corpus, training names: [TrackName]?, heldOut heldOutNames: [TrackName]
    ) throws(TrainingError) {
        let heldOut = try Self.indices(of: heldOutNames, in: corpus)
        let heldOutGroups = Set(heldOut.map { corpus.tracks[$0].group })
        let heldOutSet = Set(heldOut)
        guard let names else {
            let training = corpus.tracks.indices.filter {
                !heldOutSet.contains($0) && !heldOutGroups.contains(corpus.tracks[$0].group)
            }
            self.init(training: training, heldOut: heldOut)
            return
        }
        let training = try Self.indices(of: names, in: corpus)
        if let both = training.first(where: heldOutSet.contains) {
            throw TrainingError(
                .badParameter,
                "'\(corpus.tracks[both].name)' is listed both to be trained on and to be held out: remove it from one list"
            )
        }
        if let both = training.first(where: { heldOutGroups.contains(corpus.tracks[$0].group) }) {
            throw TrainingError(
                .badParameter,
                "'\(corpus.tracks[both].name)' is trained on, but its group '\(corpus.tracks[both].group)' is held out")
        }
        self.init(training: training, heldOut: heldOut)
    }

    /// Makes the splits of a cross-validation. Each group that `groups` names is held out in exactly one of `count` folds;
    /// without groups, each track is a group of its own. The folds get as even a share of every folder as whole groups
    /// allow.
    ///
    /// The tracks of `heldOut` are held out in every fold. If a store has such tracks, none of its others is ever held out:
    /// they are always trained on, as are the tracks that `groups` does not name.
    package static func folds(
        _ corpus: Corpus, count: Int, groups: TrackGroups?, heldOut: [TrackName]
    ) throws(TrainingError) -> [DataSplit] {
        let always = Set(try indices(of: heldOut, in: corpus))
        let alwaysGroups = Set(always.map { corpus.tracks[$0].group })
        let evaluatedStores = Set(always.map { corpus.tracks[$0].store })
        let divided = corpus.tracks.indices.filter {
            let track = corpus.tracks[$0]
            let isNamed = groups.map { $0.entries[track.name] != nil } ?? true
            return isNamed && !evaluatedStores.contains(track.store) && !alwaysGroups.contains(track.group)
        }
        guard !divided.isEmpty else {
            throw TrainingError(
                .badParameter,
                "no tracks are left for the folds: the groups name no track outside the stores that have tracks in --valid"
            )
        }
        let tracks = divided.map { corpus.tracks[$0] }
        var fold = assign(tracks, count: count)
        // With few groups a fold can stay empty although it was as good a choice as the first one.
        if Set(fold.values).count < count { fold = assign(tracks, count: count, fillingAll: true) }
        guard Set(fold.values).count == count else {
            throw TrainingError(
                .badParameter,
                "\(fold.count) groups cannot be divided into \(count) folds: use fewer folds or more groups")
        }
        let isDivided = Set(divided)
        return (0..<count).map { number in
            var split = DataSplit(training: [], heldOut: [])
            for (index, track) in corpus.tracks.enumerated() {
                if always.contains(index) || isDivided.contains(index) && fold[track.group] == number {
                    split.heldOut.append(index)
                } else if !alwaysGroups.contains(track.group) {
                    split.training.append(index)
                }
            }
            return split
        }
    }

    /// Assigns groups to folds greedily: the largest groups first, each to the fold that is then nearest to its share of
    /// every label.
    ///
    /// - Parameter fillingAll: whether the emptiest of several equally good folds is taken, instead of the first.
    private static func assign(_ tracks: [Track], count: Int, fillingAll: Bool = false) -> [String: Int] {
        var members: [String: [TrackName: Int]] = [:]
        var sizes: [String: [String: Int]] = [:]
        for track in tracks {
            members[track.group, default: [:]][track.name] = track.label
            sizes[track.group, default: [:]][track.name.genre, default: 0] += 1
        }
        let genres = Set(tracks.map(\.name.genre)).sorted()
        let totals = Dictionary(grouping: tracks, by: \.name.genre).mapValues { Double($0.count) }
        var filled = [[String: Double]](repeating: [:], count: count)
        var result: [String: Int] = [:]
        let order = members.keys.sorted { (-(members[$0]?.count ?? 0), $0) < (-(members[$1]?.count ?? 0), $1) }
        for group in order {
            let size = sizes[group] ?? [:]
            func cost(_ fold: Int) -> Double {
                genres.reduce(0) { sum, genre in
                    let share = (filled[fold][genre, default: 0], Double(size[genre] ?? 0), totals[genre] ?? 1)
                    let before = share.0 / share.2 - 1 / Double(count)
                    let after = (share.0 + share.1) / share.2 - 1 / Double(count)
                    return sum + after * after - before * before
                }
            }
            var best = 0
            func fill(_ fold: Int) -> Double { filled[fold].values.reduce(0, +) }
            for fold in 1..<max(1, count) {
                let (candidate, current) = (cost(fold), cost(best))
                let isTie = fillingAll && abs(candidate - current) < 1e-9
                if isTie ? fill(fold) < fill(best) : candidate < current { best = fold }
            }
            for (genre, number) in size { filled[best][genre, default: 0] += Double(number) }
            result[group] = best
        }
        return result
    }

    private static func indices(of names: [TrackName], in corpus: Corpus) throws(TrainingError) -> [Int] {
        let index = Dictionary(uniqueKeysWithValues: corpus.tracks.enumerated().map { ($1.name, $0) })
        return try names.map { name throws(TrainingError) in
            guard let place = index[name] else {
                throw TrainingError(
                    .badParameter,
                    "'\(name)', listed to be held out or trained on, is in no store or is shorter than a window; a store"
                        + " has '\(corpus.tracks[0].name)', and a track's name has no extension")
            }
            return place
        }
    }
}

extension Corpus {
    /// The unlabelled tracks that a split trains on: those whose group it does not hold out.
    func unlabelled(for split: DataSplit) -> [Int] {
        let heldOut = Set(split.heldOut.map { tracks[$0].group })
        return unlabelled.indices.filter { !heldOut.contains(unlabelled[$0].group) }
    }
}
