// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model
import TestSupport
import Testing

@testable import Training

struct SamplingTests {
    /// A corpus of two stores, one with few tracks of each genre and one with many. Each genre's first track has weight 0.
    ///
    /// - Parameter apart: whether speech and noise are two labels and not one.
    static func corpus(apart: Bool = false) throws -> (Corpus, few: TemporaryFolder) {
        let (few, many) = (try TemporaryFolder(), try TemporaryFolder())
        var groups = TrackGroups()
        for (folder, count, prefix) in [(few, 3, "few"), (many, 8, "many")] {
            for genre in ["a", "b", "speech", "noise"] {
                try makeFolder(folder.file(genre))
                for track in 0..<count {
                    let name = TrackName(genre: genre, track: "\(prefix)\(track)")
                    var generator = CounterGenerator(seed: 1, step: track, index: genre.count, purpose: .sample)
                    let values = (0..<(120 * 64)).map { _ in generator.uniform(-40, 0) }
                    try FeatureStore.write(LogMel(values: values), as: name, in: folder.path)
                    groups.entries[name] = .init(group: "\(name)", weight: track == 0 ? 0 : 1)
                }
            }
        }
        let corpus = try Corpus(
            [.init(path: few.path), .init(path: many.path)],
            aliases: apart ? [:] : ["speech": "no-music", "noise": "no-music"],
            noMusic: apart ? ["speech", "noise"] : ["no-music"], groups: groups)
        return (corpus, few)
    }

    @Test(arguments: [(0.0, 0.5), (1.0, 2.0 / 9), (0.5, 0.348)], [false, true])
    func `genres take turns, and stores get their share`(share: (exponent: Double, of: Double), apart: Bool) throws {
        let (corpus, _) = try Self.corpus(apart: apart)
        let (exponent, share) = share
        var configuration = SamplingConfiguration()
        configuration.noMusicShare = 0.2
        configuration.storeExponent = exponent
        let sampler = WindowSampler(
            corpus: corpus, training: Array(corpus.tracks.indices), configuration: configuration)
        var generator = CounterGenerator(seed: 1, purpose: .sample)
        let drawn = (0..<20_000).compactMap { index -> Track? in
            guard case .track(let track) = sampler.draw(index: index, &generator) else { return nil }
            return corpus.tracks[track]
        }
        func part(_ isPart: (Track) -> Bool, of isWhole: (Track) -> Bool = { _ in true }) -> Double {
            let whole = drawn.filter(isWhole)
            return Double(whole.filter(isPart).count) / Double(whole.count)
        }
        #expect(drawn.allSatisfy { $0.weight > 0 })
        // The drawn frequencies agree with the probabilities.
        let probabilities = sampler.probabilities
        #expect(abs(probabilities.values.reduce(0, +) - 1) < 1e-5)
        let counts = Dictionary(drawn.map { ($0.name, 1) }, uniquingKeysWith: +)
        for (index, track) in corpus.tracks.enumerated() {
            let frequency = Double(counts[track.name] ?? 0) / Double(drawn.count)
            #expect(abs(frequency - (probabilities[index] ?? 0)) < 0.012)
        }
        #expect(abs(part { corpus.noMusic.contains($0.label) } - 0.2) < 0.02)
        #expect(abs(part({ $0.name.genre == "a" }, of: { ["a", "b"].contains($0.name.genre) }) - 0.5) < 0.02)
        #expect(abs(part({ $0.name.genre == "speech" }, of: { corpus.noMusic.contains($0.label) }) - 0.5) < 0.03)
        #expect(abs(part({ $0.store == 0 }, of: { $0.name.genre == "a" }) - share) < 0.03)
    }

    @Test(arguments: [(0.0, 0.5), (1.0, 0.8), (0.5, 2.0 / 3)])
    func `genres get their share by their amount`(exponent: Double, share: Double) throws {
        let folder = try TemporaryFolder()
        for (genre, count) in [("a", 8), ("b", 2)] {
            try makeFolder(folder.file(genre))
            for track in 0..<count {
                let values = [Float](repeating: -20, count: 60 * 64)
                try FeatureStore.write(
                    LogMel(values: values), as: TrackName(genre: genre, track: "\(track)"), in: folder.path)
            }
        }
        let corpus = try Corpus([.init(path: folder.path)])
        var configuration = SamplingConfiguration()
        configuration.genreExponent = exponent
        let sampler = WindowSampler(
            corpus: corpus, training: Array(corpus.tracks.indices), configuration: configuration)
        let drawn = (0..<20_000).count { index in
            var generator = CounterGenerator(seed: 3, index: index, purpose: .sample)
            guard case .track(let track) = sampler.draw(index: index, &generator) else { return false }
            return corpus.tracks[track].label == 0
        }
        #expect(abs(Double(drawn) / 20_000 - share) < 0.02)
        let probabilities = sampler.probabilities
        let first = corpus.tracks.indices.filter { corpus.tracks[$0].label == 0 }
        #expect(abs(first.reduce(0) { $0 + (probabilities[$1] ?? 0) } - share) < 1e-6)
    }

    @Test func `groups and variants without tracks in the stores are errors`() throws {
        let (_, few) = try Self.corpus()
        var groups = TrackGroups()
        groups.entries[TrackName(genre: "a", track: "few0.opus")] = .init(group: "x", weight: 1)
        let error = #expect(throws: TrainingError.self) {
            _ = try Corpus(
                [.init(path: few.path)], aliases: ["speech": "no-music", "noise": "no-music"], groups: groups)
        }
        #expect(error?.message.contains("no extension") == true)
        #expect(throws: TrainingError.self) {
            _ = try Corpus([.init(path: few.path)], variants: [few.file("nosuch")])
        }
    }

    @Test func `in a mix of speech and music the louder one teaches, as a listener hears it`() throws {
        let (corpus, _) = try Self.corpus(apart: true)
        let sampler = WindowSampler(
            corpus: corpus, training: Array(corpus.tracks.indices), configuration: SamplingConfiguration())
        var configuration = AugmentationConfiguration.none
        configuration.speechAndMusicChance = 1
        let augmenter = Augmenter(corpus: corpus, sampler: sampler, configuration: configuration)
        let speech = try #require(corpus.labels.firstIndex(of: "speech"))
        var values = [Float](repeating: 0, count: 50 * 64)
        var shares: [Float] = []
        for index in 0..<500 {
            var generator = CounterGenerator(seed: 4, index: index, purpose: .sample)
            let window = values.withUnsafeMutableBufferPointer {
                augmenter.prepare(index: index, &generator, into: $0.baseAddress!)
            }
            let isMusic = !corpus.noMusic.contains(try #require(window.label))
            #expect((window.speech != nil) == isMusic)
            guard let lead = window.speech else { continue }
            #expect(lead.label == speech && (0...1).contains(lead.share))
            shares.append(lead.share)
        }
        // Evenly from -12 to 12 dB: half of them lead, and few are near 0.5.
        #expect(abs(Double(shares.count { $0 > 0.5 }) / Double(shares.count) - 0.5) < 0.1)
        #expect(Double(shares.count { abs($0 - 0.5) < 0.45 }) / Double(shares.count) < 0.4)
    }

    @Test func `loudness does not count pauses, and counts what ears hear best`() {
        func frames(_ count: Int, _ level: Float, band: Int? = nil) -> [Float] {
            (0..<(count * 64)).map { band == nil || $0 % 64 == band ? level : -100 }
        }
        let steady = Loudness.of(LogMel(values: frames(100, -30)))
        #expect(abs(Loudness.of(LogMel(values: frames(100, -20))) - steady - 10) < 1e-3)
        // With a pause of the same length, the mean power falls by 3 dB, and the loudness by far less.
        #expect(abs(Loudness.of(LogMel(values: frames(100, -30) + frames(100, -90))) - steady) < 0.5)
        // The K-weighting: 60 Hz of the same level is less loud than 3 kHz, per hertz.
        let edges = [1, 45].map { Loudness.of(LogMel(values: frames(50, -30, band: $0))) }
        #expect(edges[1] > edges[0] + 3)
        #expect(Loudness.of(LogMel(values: [])) <= -99)
        #expect(Loudness.of(LogMel(values: frames(3, -30))).isFinite)
    }

    @Test func `a window depends only on its track's frames and its own index`() throws {
        let (corpus, _) = try Self.corpus()
        let sampler = WindowSampler(
            corpus: corpus, training: Array(corpus.tracks.indices), configuration: SamplingConfiguration())
        var plain = AugmentationConfiguration.none
        plain.levelError = 0
        for configuration in [plain, AugmentationConfiguration()] {
            let augmenter = Augmenter(corpus: corpus, sampler: sampler, configuration: configuration)
            for index in 0..<40 {
                func window() -> ([Float], Int?) {
                    var generator = CounterGenerator(seed: 2, step: 3, index: index, purpose: .sample)
                    var values = [Float](repeating: .nan, count: 50 * 64)
                    let label = values.withUnsafeMutableBufferPointer {
                        augmenter.prepare(index: index, &generator, into: $0.baseAddress!).label
                    }
                    return (values, label)
                }
                let (values, label) = window()
                let again = window()
                #expect(again.0 == values && again.1 == label)
                #expect(values.allSatisfy { $0.isFinite && abs($0) < 200 })
                guard configuration == plain else { continue }
                // Only the level differs from the track's, so differences between bands are the same.
                let steps = zip(values.dropFirst(), values).prefix(63).map { $0 - $1 }
                let found = corpus.tracks.contains { track in
                    track.label == label
                        && (0..<track.features.frames).contains { frame in
                            let row = track.features.values[(frame * 64)..<(frame * 64 + 64)]
                            return zip(zip(row.dropFirst(), row).map { $0 - $1 }, steps).allSatisfy {
                                abs($0 - $1) < 1e-3
                            }
                        }
                }
                #expect(found)
            }
        }
    }
}
