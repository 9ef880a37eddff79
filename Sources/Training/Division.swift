// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The division of a corpus into what is trained on and what is held out.
package enum Division {
    /// Trains on `training`, judges by `held`; both are indices of the corpus's tracks.
    package struct Part: Sendable, Equatable {
        package var training: [Int]
        package var held: [Int]

        /// The labels that are trained on.
        func taught(in corpus: Corpus) -> Set<Int> { Set(training.map { corpus.tracks[$0].label }) }

        /// The labels of which everything there is is held out: what is said of them cannot be right.
        fileprivate func untaught(in corpus: Corpus) -> Set<Int> {
            Set(held.map { corpus.tracks[$0].label }).subtracting(taught(in: corpus))
        }
    }

    /// The labels that some part holds out altogether.
    package static func untaught(by parts: [Part], in corpus: Corpus) -> [String] {
        parts.reduce(into: Set<Int>()) { $0.formUnion($1.untaught(in: corpus)) }.sorted().map { corpus.labels[$0] }
    }

    /// Held out are the tracks of `valid`; trained on are those of `split`, or without one all others. A track whose
    /// group is held out is never trained on.
    package static func bySplit(
        _ corpus: Corpus, split: [TrackName]?, valid: [TrackName]
    ) throws(TrainingError) -> Part {
        let held = try indices(of: valid, in: corpus)
        let heldGroups = Set(held.map { corpus.tracks[$0].group })
        let heldSet = Set(held)
        if let split {
            let training = try indices(of: split, in: corpus)
            if let both = training.first(where: heldSet.contains) {
                throw TrainingError(
                    .badParameter, "'\(corpus.tracks[both].name)' is to be trained on and to be held out")
            }
            if let both = training.first(where: { heldGroups.contains(corpus.tracks[$0].group) }) {
                throw TrainingError(
                    .badParameter,
                    "'\(corpus.tracks[both].name)' is trained on, but its group '\(corpus.tracks[both].group)' is"
                        + " validated on")
            }
            return Part(training: training, held: held)
        }
        let training = corpus.tracks.indices.filter {
            !heldSet.contains($0) && !heldGroups.contains(corpus.tracks[$0].group)
        }
        return Part(training: training, held: held)
    }

    /// Every group that `groups` names, or every track if there are no groups, is held out once, in one of `count` folds,
    /// as evenly over the labels as whole groups allow. The tracks of `valid` are held out in each, and stand for their store: what else is in it is not
    /// divided. That and what no file names is always trained on.
    package static func byFolds(
        _ corpus: Corpus, count: Int, groups: TrackGroups?, valid: [TrackName]
    ) throws(TrainingError) -> [Part] {
        let always = Set(try indices(of: valid, in: corpus))
        let alwaysGroups = Set(always.map { corpus.tracks[$0].group })
        let judgedStores = Set(always.map { corpus.tracks[$0].store })
        let divided = corpus.tracks.indices.filter {
            let track = corpus.tracks[$0]
            let isNamed = groups.map { $0.entries[track.name] != nil } ?? true
            return isNamed && !judgedStores.contains(track.store) && !alwaysGroups.contains(track.group)
        }
        guard !divided.isEmpty else {
            throw TrainingError(
                .badParameter,
                "nothing is left to divide into folds: the groups name no track of a store that is not judged by its"
                    + " own held-out tracks")
        }
        let tracks = divided.map { corpus.tracks[$0] }
        var fold = assign(tracks, count: count)
        // Few groups can leave a fold empty where any fold would do as well.
        if Set(fold.values).count < count { fold = assign(tracks, count: count, fillingAll: true) }
        guard Set(fold.values).count == count else {
            throw TrainingError(
                .badParameter,
                "\(fold.count) groups cannot be divided into \(count) folds: give fewer folds or more groups")
        }
        let isDivided = Set(divided)
        return (0..<count).map { number in
            var part = Part(training: [], held: [])
            for (index, track) in corpus.tracks.enumerated() {
                if always.contains(index) || isDivided.contains(index) && fold[track.group] == number {
                    part.held.append(index)
                } else if !alwaysGroups.contains(track.group) {
                    part.training.append(index)
                }
            }
            return part
        }
    }

    /// Greedily, the largest groups first, each to the fold that is then nearest to its share of every label.
    ///
    /// - Parameter fillingAll: to the emptiest of several that are equally near, and not to the first.
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
                let (one, other) = (cost(fold), cost(best))
                if fillingAll && abs(one - other) < 1e-9 ? fill(fold) < fill(best) : one < other { best = fold }
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
                    "'\(name)', which is to be held out or trained on, is in no store, or is shorter than a window; a store"
                        + " has '\(corpus.tracks[0].name)', and a track's name has no extension")
            }
            return place
        }
    }
}
