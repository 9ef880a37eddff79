// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Draws tracks: genres equally often, `no-music` by its share, stores within a genre by their weights, tracks within
/// a store by trust, length and the size of their group.
struct WindowSampler: Sendable {
    /// Tracks to draw from and the running sums of their chances.
    struct Pool: Sendable {
        var tracks: [Int] = []
        var cumulative: [Float] = []

        func draw(_ generator: inout CounterGenerator) -> Int? {
            tracks.isEmpty ? nil : tracks[generator.index(cumulative: cumulative)]
        }
    }

    /// Labels that are drawn in turn.
    let genres: [Int]
    let noMusic: Int?
    let noMusicShare: Float
    let pools: [Pool]
    /// Everything that is music.
    let music: [Int]

    init(corpus: Corpus, training: [Int], configuration: SamplingConfiguration) {
        let usable = training.filter { corpus.tracks[$0].weight > 0 }
        var pools = [Pool](repeating: Pool(), count: corpus.labels.count)
        // The folder counts, not the label only, so that speech and noise are equal halves of no-music.
        struct Cell: Hashable {
            var store: Int
            var folder: String
        }
        for label in corpus.labels.indices {
            let members = usable.filter { corpus.tracks[$0].label == label }
            let cells = Dictionary(
                grouping: members, by: { Cell(store: corpus.tracks[$0].store, folder: corpus.tracks[$0].name.genre) })
            var total: Float = 0
            for (cell, tracks) in cells.sorted(by: { ($0.key.store, $0.key.folder) < ($1.key.store, $1.key.folder) }) {
                let groupSizes = Dictionary(grouping: tracks, by: { corpus.tracks[$0].group }).mapValues(\.count)
                let chances = tracks.map { index in
                    let track = corpus.tracks[index]
                    return track.weight * pow(Double(groupSizes[track.group] ?? 1), configuration.groupExponent)
                        * pow(Double(track.features.frames), configuration.lengthExponent)
                }
                let trust = tracks.reduce(0) { $0 + corpus.tracks[$1].weight }
                // Speech and noise are halves of no-music however much there is of either.
                let size = label == corpus.noMusic ? 1 : pow(trust, configuration.storeExponent)
                let share = corpus.sources[cell.store].weight * size / chances.reduce(0, +)
                for (index, chance) in zip(tracks, chances) {
                    total += Float(chance * share)
                    pools[label].tracks.append(index)
                    pools[label].cumulative.append(total)
                }
            }
        }
        self.pools = pools
        let noMusic = corpus.noMusic.flatMap { pools[$0].tracks.isEmpty ? nil : $0 }
        self.noMusic = noMusic
        genres = corpus.labels.indices.filter { $0 != noMusic && !pools[$0].tracks.isEmpty }
        noMusicShare = noMusic == nil ? 0 : genres.isEmpty ? 1 : Float(configuration.noMusicShare)
        music = usable.filter { corpus.tracks[$0].label != noMusic }
    }

    /// The chance of each track to be the one that is drawn, by its index in the corpus; for tracks that were given once.
    var chances: [Int: Double] {
        var result: [Int: Double] = [:]
        for (label, pool) in pools.enumerated() {
            let share = label == noMusic ? Double(noMusicShare) : (1 - Double(noMusicShare)) / Double(genres.count)
            var before: Float = 0
            for (track, sum) in zip(pool.tracks, pool.cumulative) {
                result[track] = share * Double(sum - before) / Double(pool.cumulative.last ?? 1)
                before = sum
            }
        }
        return result
    }

    /// The track of a batch's window: the genres take turns, so that each batch has them equally often.
    func draw(index: Int, _ generator: inout CounterGenerator) -> Int {
        if let noMusic, generator.chance(noMusicShare), let track = pools[noMusic].draw(&generator) { return track }
        return pools[genres[index % genres.count]].draw(&generator) ?? 0
    }

    /// Something that is not music, for under it.
    func drawNoMusic(_ generator: inout CounterGenerator) -> Int? {
        noMusic.flatMap { pools[$0].draw(&generator) }
    }
}
