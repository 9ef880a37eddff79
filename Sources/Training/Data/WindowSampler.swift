// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Draws the tracks of training windows: `no-music` and unlabelled tracks by their shares, genres equally often or by their
/// amount, stores within a genre by their weights, and tracks within a store by weight, length and size of their group.
struct WindowSampler: Sendable {
    /// Tracks to draw from, and the running sums of their probabilities.
    struct Pool: Sendable {
        var tracks: [Int] = []
        var cumulative: [Float] = []

        func draw(_ generator: inout CounterGenerator) -> Int? {
            tracks.isEmpty ? nil : tracks[generator.index(cumulative: cumulative)]
        }
    }

    /// What is drawn: an index into the corpus's tracks, or into its unlabelled ones.
    enum Choice: Equatable {
        case track(Int)
        case unlabelled(Int)
    }

    /// The music labels, and their shares of the labelled music. Genres with equal shares are drawn in turn.
    let genres: [Int]
    let genreShares: [Double]
    private let cumulativeGenres: [Float]
    let noMusic: Set<Int>
    let noMusicShare: Float
    /// The tracks of each genre.
    let pools: [Pool]
    /// All tracks that are not music: every folder of every store has an equal share.
    let noMusicPool: Pool
    /// All labelled tracks of music.
    let music: [Int]
    /// All tracks in the folder of speech.
    let speech: [Int]
    /// The unlabelled tracks, and their share of the windows that are not `no-music`.
    let unlabelled: Pool
    let unlabelledShare: Float

    /// - Parameters:
    ///   - unlabelled: the unlabelled tracks to draw, as indices into those of the corpus.
    ///   - unlabelledShare: their share of the music.
    init(
        corpus: Corpus, training: [Int], unlabelled: [Int] = [], configuration: SamplingConfiguration,
        unlabelledShare: Double = 0
    ) {
        let usable = training.filter { corpus.tracks[$0].weight > 0 }
        var pools = [Pool](repeating: Pool(), count: corpus.labels.count)
        var genreWeights = [Double](repeating: 0, count: corpus.labels.count)
        var noMusicPool = Pool()
        // Cells are by folder, and not by label only, so that speech and noise are equal halves of what is not music.
        struct Cell: Hashable {
            var store: Int
            var folder: String
        }
        let noMusic = corpus.noMusic
        /// The pool of tracks whose cells share it by their weights, or equally.
        func pool(_ members: [Int], equally: Bool) -> Pool {
            var pool = Pool()
            let cells = Dictionary(
                grouping: members, by: { Cell(store: corpus.tracks[$0].store, folder: corpus.tracks[$0].name.genre) })
            var total: Float = 0
            for (cell, tracks) in cells.sorted(by: { ($0.key.store, $0.key.folder) < ($1.key.store, $1.key.folder) }) {
                let groupSizes = Dictionary(grouping: tracks, by: { corpus.tracks[$0].group }).mapValues(\.count)
                let probabilities = tracks.map { index in
                    let track = corpus.tracks[index]
                    return configuration.probability(
                        of: track.recording, weight: track.weight, groupSize: groupSizes[track.group] ?? 1)
                }
                let weight = tracks.reduce(0) { $0 + corpus.tracks[$1].weight }
                let size = equally ? 1 : pow(weight, configuration.storeExponent)
                let share = corpus.sources[cell.store].weight * size / probabilities.reduce(0, +)
                for (index, probability) in zip(tracks, probabilities) {
                    total += Float(probability * share)
                    pool.tracks.append(index)
                    pool.cumulative.append(total)
                }
            }
            return pool
        }
        for label in corpus.labels.indices where !noMusic.contains(label) {
            let members = usable.filter { corpus.tracks[$0].label == label }
            genreWeights[label] = members.reduce(0) { $0 + corpus.tracks[$1].weight }
            pools[label] = pool(members, equally: false)
        }
        noMusicPool = pool(usable.filter { noMusic.contains(corpus.tracks[$0].label) }, equally: true)
        self.pools = pools
        self.noMusicPool = noMusicPool
        self.noMusic = noMusic
        let genres = corpus.labels.indices.filter { !noMusic.contains($0) && !pools[$0].tracks.isEmpty }
        self.genres = genres
        let powers = genres.map { pow(genreWeights[$0], configuration.genreExponent) }
        let sum = powers.reduce(0, +)
        genreShares = powers.map { $0 / sum }
        cumulativeGenres = configuration.genreExponent == 0 ? [] : Self.runningSums(powers)
        self.unlabelled = Self.pool(of: unlabelled, corpus, configuration)
        self.unlabelledShare = unlabelled.isEmpty ? 0 : genres.isEmpty ? 1 : Float(unlabelledShare)
        let hasMusic = !genres.isEmpty || !unlabelled.isEmpty
        noMusicShare = noMusicPool.tracks.isEmpty ? 0 : hasMusic ? Float(configuration.noMusicShare) : 1
        speech = usable.filter {
            noMusic.contains(corpus.tracks[$0].label) && corpus.tracks[$0].name.isSpeech
        }
        music = usable.filter { !noMusic.contains(corpus.tracks[$0].label) }
    }

    /// The unlabelled tracks, by length and size of their group.
    private static func pool(of tracks: [Int], _ corpus: Corpus, _ configuration: SamplingConfiguration) -> Pool {
        let sizes = Dictionary(grouping: tracks, by: { corpus.unlabelled[$0].group }).mapValues(\.count)
        let powers = tracks.map { index in
            let recording = corpus.unlabelled[index]
            return configuration.probability(of: recording, weight: 1, groupSize: sizes[recording.group] ?? 1)
        }
        return Pool(tracks: tracks, cumulative: runningSums(powers))
    }

    private static func runningSums(_ values: [Double]) -> [Float] {
        var sum = 0.0
        return values.map { value in
            sum += value
            return Float(sum)
        }
    }

    /// The probability that a labelled track is drawn among the labelled ones, by its index in the corpus. Each track must
    /// have been given once.
    var probabilities: [Int: Double] {
        var result: [Int: Double] = [:]
        let shares = zip(genres, genreShares).map { (pools[$0], (1 - Double(noMusicShare)) * $1) }
        for (pool, share) in shares + [(noMusicPool, Double(noMusicShare))] {
            var before: Float = 0
            for (track, sum) in zip(pool.tracks, pool.cumulative) {
                result[track] = share * Double(sum - before) / Double(pool.cumulative.last ?? 1)
                before = sum
            }
        }
        return result
    }

    /// Draws the track of a window in a batch. Genres with equal shares take turns, so each batch has them equally often.
    func draw(index: Int, _ generator: inout CounterGenerator) -> Choice {
        if noMusicShare > 0, generator.chance(noMusicShare), let track = noMusicPool.draw(&generator) {
            return .track(track)
        }
        if unlabelledShare > 0, generator.chance(unlabelledShare), let track = unlabelled.draw(&generator) {
            return .unlabelled(track)
        }
        let genre =
            cumulativeGenres.isEmpty ? index % genres.count : generator.index(cumulative: cumulativeGenres)
        return .track(pools[genres[genre]].draw(&generator) ?? 0)
    }

    /// Draws a track that is not music, to be mixed with another track.
    func drawNoMusic(_ generator: inout CounterGenerator) -> Int? { noMusicPool.draw(&generator) }
}

extension SamplingConfiguration {
    /// The probability of a recording relative to others of its cell, from its weight, its length and the size of its group.
    fileprivate func probability(of recording: Recording, weight: Double, groupSize: Int) -> Double {
        weight * pow(Double(groupSize), groupExponent) * pow(Double(recording.features.frames), lengthExponent)
    }
}
