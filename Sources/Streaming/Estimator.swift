// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// States that the estimator can be in.
package enum EstimatorState: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    /// Less than a window has been processed.
    case starting
    case genre
    /// No label is probable enough.
    case unsure
    case silence
    /// One of the model's labels for audio that is not music.
    case noMusic
}

/// What genred publishes of a stream's windows: whether it is music (`KindFilter`), which genre (`SegmentFilter`), and the
/// label, with hysteresis and gates.
///
/// The evidence for genres counts as far as a window is music. So applause does not make a genre doubtful, and after some
/// seconds of it the genre is what it was. Time is seconds of audio, as the caller passes it. Nothing is allocated after `init`.
package final class Estimator {
    package let parameters: EstimatorParameters
    package private(set) var state = EstimatorState.starting
    /// The label in the states `genre` and `noMusic`, otherwise nil.
    package private(set) var label: Int?

    private let kinds: KindFilter
    /// Nil for a model without genres.
    private let segments: SegmentFilter?
    /// The labels of the genres, and of the kinds of audio that are not music, in the filters' order.
    private let genres: [Int]
    private let noMusic: [Int]
    /// [labels]: the posterior that is published.
    private let published: OwnedBuffer<Float>
    /// [kinds], [genres]: a window's probabilities in the filters' order.
    private let kindEmission: OwnedBuffer<Float>
    private let genreEmission: OwnedBuffer<Float>
    private var silentFor = 0.0

    /// - Parameters:
    ///   - labels: number of labels.
    ///   - noMusic: indices of the labels for audio that is not music, which are a state of their own.
    /// - Throws: `badParameter` if a parameter is out of its range.
    package init(labels: Int, noMusic: [Int], parameters: EstimatorParameters) throws(StreamingError) {
        if let problem = parameters.problem { throw StreamingError(.badParameter, problem) }
        self.parameters = parameters
        self.noMusic = noMusic.sorted()
        genres = (0..<labels).filter { !noMusic.contains($0) }
        kinds = KindFilter(
            labels: (genres.isEmpty ? [] : [genres.count]) + noMusic.map { _ in 1 }, parameters: parameters)
        segments = genres.isEmpty ? nil : SegmentFilter(genres: genres.count, parameters: parameters)
        published = OwnedBuffer(repeating: 0, count: labels)
        kindEmission = OwnedBuffer(repeating: 0, count: kinds.probabilities.count)
        genreEmission = OwnedBuffer(repeating: 0, count: genres.count)
        combine()
    }

    /// Each label's published probability, given all audio so far. Valid as long as the estimator lives.
    package var probabilities: UnsafeBufferPointer<Float> { UnsafeBufferPointer(published.elements) }

    /// The most probable label, whether it is published or not.
    package var best: Int {
        var best = 0
        let probabilities = probabilities
        for index in probabilities.indices where probabilities[index] > probabilities[best] { best = index }
        return best
    }

    /// Probability of what is published: of the label, or of the most probable label while unsure, otherwise 0.
    package var confidence: Float {
        switch state {
        case .genre, .noMusic: label.map { published[$0] } ?? 0
        case .unsure: published[best]
        case .starting, .silence: 0
        }
    }

    /// Begins a new stream.
    package func reset() {
        forget()
        state = .starting
        label = nil
        silentFor = 0
    }

    /// Continues from another estimator's state, which may have other parameters or other labels.
    ///
    /// - Parameters:
    ///   - order: each label's index in `previous`; nil if the labels are not the same. In that case only the present
    ///     window counts.
    ///   - windowProbabilities: as in `process`.
    ///   - active: as in `process`.
    ///   - seconds: length of the window.
    func follow(
        _ previous: Estimator, order: [Int]?, windowProbabilities: UnsafeBufferPointer<Float>?, active: Double,
        seconds: Double
    ) {
        reset()
        silentFor = previous.silentFor
        if let order, let genreOrder = Self.places(genres, order, in: previous.genres),
            let kindOrder = Self.places(noMusic, order, in: previous.noMusic)
        {
            kinds.follow(previous.kinds, order: genres.isEmpty ? kindOrder : [0] + kindOrder.map { $0 + 1 })
            if let segments, let others = previous.segments { segments.follow(others, order: genreOrder) }
            combine()
            state = previous.state
            label = previous.label.flatMap { order.firstIndex(of: $0) }
        } else if previous.state == .silence {
            state = .silence
        } else if let windowProbabilities {
            observe(windowProbabilities, seconds: seconds * active)
            publish()
        }
    }

    /// Where the labels stood in another estimator's list; nil if they are of another kind there.
    private static func places(_ labels: [Int], _ order: [Int], in others: [Int]) -> [Int]? {
        let places = labels.compactMap { others.firstIndex(of: order[$0]) }
        return places.count == labels.count ? places : nil
    }

    /// Processes one step of the stream.
    ///
    /// - Parameters:
    ///   - windowProbabilities: [labels], the last window's calibrated probabilities; nil before the first window.
    ///   - active: share of the window's frames that are not silent, 0 to 1. Silence is no evidence.
    ///   - silent: whether all audio since the last step was silent.
    ///   - elapsed: seconds of audio since the last step.
    package func process(
        windowProbabilities: UnsafeBufferPointer<Float>?, active: Double, silent: Bool, elapsed: Double
    ) {
        silentFor = silent ? silentFor + elapsed : 0
        kinds.predict(elapsed)
        segments?.predict(elapsed)
        guard let windowProbabilities else { return }
        // The last window may still hold what came before a pause that has been published.
        if !(silent && state == .silence) { observe(windowProbabilities, seconds: elapsed * active) }
        if silentFor >= parameters.silenceAfter {
            // What follows a pause need not be what came before it.
            if state != .silence { forget() }
            state = .silence
            label = nil
        } else if !(silent && state == .silence) {
            publish()
        }
    }

    private func forget() {
        kinds.reset()
        segments?.reset()
        combine()
    }

    /// Gives a window to both filters.
    private func observe(_ window: UnsafeBufferPointer<Float>, seconds: Double) {
        var music: Float = 0
        for (place, label) in genres.enumerated() {
            genreEmission[place] = max(0, window[label])
            music += genreEmission[place]
        }
        let first = genres.isEmpty ? 0 : 1
        if !genres.isEmpty { kindEmission[0] = music }
        for (place, label) in noMusic.enumerated() { kindEmission[first + place] = window[label] }
        kinds.observe(UnsafeBufferPointer(kindEmission.elements), seconds: seconds)
        segments?.observe(UnsafeBufferPointer(genreEmission.elements), share: music, seconds: seconds)
        combine()
    }

    /// Computes each label's probability: that of its kind, and for a genre that of the genre in music.
    private func combine() {
        let kinds = kinds.probabilities
        let first = genres.isEmpty ? 0 : 1
        if let segments {
            for (place, label) in genres.enumerated() { published[label] = kinds[0] * segments.probabilities[place] }
        }
        for (place, label) in noMusic.enumerated() { published[label] = kinds[first + place] }
    }

    /// Chooses the label with hysteresis: first between music and the rest, whose kinds count together (what is half speech
    /// and half noise is certainly no music), then among the genres or kinds.
    private func publish() {
        let isMusic = label.map { !noMusic.contains($0) }
        let music = genres.isEmpty ? 0 : kinds.probabilities[0]
        let lead = Double(2 * music - 1)
        let wasMusic = isMusic ?? (lead > 0)
        let nowMusic = abs(lead) >= parameters.margin ? lead > 0 : wasMusic
        let candidates = nowMusic ? genres : noMusic
        var best = candidates[0]
        for candidate in candidates where published[candidate] > published[best] { best = candidate }
        let probability = Double(published[best])
        // The present label is kept as long as it is of the same kind and, if it is a genre, above `leave`.
        var current = label.flatMap { nowMusic == isMusic ? Double(published[$0]) : nil }
        if nowMusic, let kept = current, kept < parameters.leave { current = nil }
        let isProbable = !nowMusic || probability >= parameters.enter
        if let current {
            // Another label must be clearly more probable.
            if isProbable, probability >= current + parameters.margin { label = best }
        } else {
            label = isProbable ? best : nil
        }
        state = label.map { noMusic.contains($0) ? .noMusic : .genre } ?? .unsure
    }
}
