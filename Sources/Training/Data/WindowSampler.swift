// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Draws the tracks of training windows: genres equally often, `no-music` by its share, stores within a genre by their
/// weights, and tracks within a store by weight, length and size of their group.
struct WindowSampler: Sendable {
    /// Tracks to draw from, and the running sums of their probabilities.
    struct Pool: Sendable {
        var tracks: [Int] = []
        var cumulative: [Float] = []

        func draw(_ generator: inout CounterGenerator) -> Int? {
            tracks.isEmpty ? nil : tracks[generator.index(cumulative: cumulative)]
        }
    }

    /// The music labels, which are drawn in turn.
    let genres: [Int]
    let noMusic: Int?
    let noMusicShare: Float
    let pools: [Pool]
    /// All tracks of music.
    let music: [Int]

    init(corpus: Corpus, training: [Int], configuration: SamplingConfiguration) {
        let usable = training.filter { corpus.tracks[$0].weight > 0 }
        var pools = [Pool](repeating: Pool(), count: corpus.labels.count)
        // Cells are by folder, and not by label only, so that speech and noise are equal halves of no-music.
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
                let probabilities = tracks.map { index in
                    let track = corpus.tracks[index]
                    return track.weight * pow(Double(groupSizes[track.group] ?? 1), configuration.groupExponent)
                        * pow(Double(track.features.frames), configuration.lengthExponent)
                }
                let weight = tracks.reduce(0) { $0 + corpus.tracks[$1].weight }
                // Speech and noise are halves of no-music regardless of their numbers of tracks.
                let size = label == corpus.noMusic ? 1 : pow(weight, configuration.storeExponent)
                let share = corpus.sources[cell.store].weight * size / probabilities.reduce(0, +)
                for (index, probability) in zip(tracks, probabilities) {
                    total += Float(probability * share)
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

    /// The probability that a track is drawn, by its index in the corpus. Each track must have been given once.
    var probabilities: [Int: Double] {
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

    /// Draws the track of a window in a batch. Genres take turns, so each batch has them equally often.
    func draw(index: Int, _ generator: inout CounterGenerator) -> Int {
        if let noMusic, generator.chance(noMusicShare), let track = pools[noMusic].draw(&generator) { return track }
        return pools[genres[index % genres.count]].draw(&generator) ?? 0
    }

    /// Draws a track of no-music, to be mixed with another track.
    func drawNoMusic(_ generator: inout CounterGenerator) -> Int? {
        noMusic.flatMap { pools[$0].draw(&generator) }
    }
}
