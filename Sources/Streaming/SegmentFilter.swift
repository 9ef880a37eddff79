// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// How probable each genre is in the piece that plays now, when nobody says where it began: Bayesian online change-point
/// detection (Adams and MacKay, "Bayesian online changepoint detection", 2007).
///
/// A segment is a stretch whose windows err alike: a song in which half the windows look like pop and half like rock is one
/// segment, and no change. Several segments are followed at once, each with the probability that it is the one that plays,
/// which falls when its windows stop predicting the next one. A segment predicts with the mean of its windows'
/// probabilities, which are soft counts of a Dirichlet-multinomial; its genre follows from the mean of their logarithms.
///
/// New segments begin at fixed intervals, each with the probability of a change in that time. Young ones are all kept, since
/// evidence needs some seconds to add up; of the others only the most probable ones. So a step costs the same at all times.
/// Nothing is allocated after `init`.
final class SegmentFilter {
    let genres: Int
    private let switchRate: Double
    private let evidenceRate: Float
    private let sharpness: Float

    /// Seconds between the beginnings of two segments.
    private static let spacing = 0.48
    /// A segment is young for so many seconds, and is kept.
    private static let youth = 6.0
    /// Number of older segments that are kept.
    private static let elders = 3
    /// The segments there can be: the young ones, the older ones, and one on each side of the limit.
    private static let capacity = Int(youth / spacing) + elders + 3
    /// Seconds of windows without any preference that a segment begins with, before it has windows of its own: when it
    /// predicts, and when its genre is concluded.
    private static let priorSeconds: (predicting: Float, concluding: Float) = (2.5, 1.5)
    /// The least probability that a window is taken to give a genre.
    private static let floor: Float = 1e-4
    /// Segments that are less probable have no part in what is published.
    private static let negligible: Float = 1e-3

    /// Seconds of windows after which a segment forgets half of them.
    private static let longest: Float = 3600

    /// The number of segments that are followed.
    private(set) var count = 0
    private var sinceBeginning = 0.0
    /// [capacity]: each segment's probability, its age in seconds, and its seconds of music.
    private let weights: OwnedBuffer<Float>
    private let ages: OwnedBuffer<Double>
    private let seconds: OwnedBuffer<Float>
    /// [capacity, genres]: the sums of its windows' probabilities times their seconds, and those of their logarithms.
    private let sums: OwnedBuffer<Float>
    private let logSums: OwnedBuffer<Float>
    /// [genres]: the published probabilities, and the window's.
    private let published: OwnedBuffer<Float>
    private let window: OwnedBuffer<Float>

    /// - Parameter genres: number of genres, at least 1.
    init(genres: Int, parameters: EstimatorParameters) {
        self.genres = genres
        switchRate = parameters.switchRate
        evidenceRate = Float(parameters.evidenceRate)
        sharpness = Float(parameters.sharpness)
        weights = OwnedBuffer(repeating: 0, count: Self.capacity)
        ages = OwnedBuffer(repeating: 0, count: Self.capacity)
        seconds = OwnedBuffer(repeating: 0, count: Self.capacity)
        sums = OwnedBuffer(repeating: 0, count: Self.capacity * genres)
        logSums = OwnedBuffer(repeating: 0, count: Self.capacity * genres)
        published = OwnedBuffer(repeating: 0, count: genres)
        window = OwnedBuffer(repeating: 0, count: genres)
        reset()
    }

    /// [genres]: each genre's probability, given that there is music.
    var probabilities: UnsafeBufferPointer<Float> { UnsafeBufferPointer(published.elements) }

    func reset() {
        count = 0
        sinceBeginning = 0
        begin(weight: 1)
        published.fill(1 / Float(genres))
    }

    /// A change may have come since the last step.
    func predict(_ elapsed: Double) {
        for segment in 0..<count { ages[segment] += elapsed }
        sinceBeginning += elapsed
        guard sinceBeginning >= Self.spacing - 1e-6 else { return }
        let stay = Float(exp(-switchRate * sinceBeginning))
        sinceBeginning = 0
        for segment in 0..<count { weights[segment] *= stay }
        begin(weight: 1 - stay)
        forgetElders()
    }

    /// Takes a window as evidence.
    ///
    /// - Parameters:
    ///   - emission: [genres]: the window's probabilities; they need not sum to 1, and what is missing is not music.
    ///   - share: their sum.
    ///   - seconds: audio since the last step, without silence.
    func observe(_ emission: UnsafeBufferPointer<Float>, share: Float, seconds: Double) {
        let heard = Float(seconds) * share
        guard heard > 0 else { return }
        for genre in 0..<genres { window[genre] = emission[genre] / share }
        weigh(evidence: evidenceRate * heard)
        for segment in 0..<count {
            if self.seconds[segment] > Self.longest { halve(segment) }
            self.seconds[segment] += heard
            let (sums, logSums) = (sums.pointer + segment * genres, logSums.pointer + segment * genres)
            for genre in 0..<genres { sums[genre] += heard * window[genre] }
            for genre in 0..<genres { logSums[genre] += heard * log(max(window[genre], Self.floor)) }
        }
        conclude()
    }

    /// Continues from another filter, whose genres have the indices `order`.
    func follow(_ previous: SegmentFilter, order: [Int]) {
        (count, sinceBeginning) = (previous.count, previous.sinceBeginning)
        for segment in 0..<count {
            weights[segment] = previous.weights[segment]
            ages[segment] = previous.ages[segment]
            seconds[segment] = previous.seconds[segment]
            for (genre, old) in order.enumerated() {
                sums[segment * genres + genre] = previous.sums[segment * genres + old]
                logSums[segment * genres + genre] = previous.logSums[segment * genres + old]
            }
        }
        conclude()
    }

    /// Halves what a segment remembers: a sum that grows for days would take no more windows, and an hour says all.
    private func halve(_ segment: Int) {
        seconds[segment] /= 2
        for place in (segment * genres)..<((segment + 1) * genres) {
            sums[place] /= 2
            logSums[place] /= 2
        }
    }

    /// Begins a segment.
    private func begin(weight: Float) {
        weights[count] = weight
        ages[count] = 0
        seconds[count] = 0
        (sums.pointer + count * genres).update(repeating: 0, count: genres)
        (logSums.pointer + count * genres).update(repeating: 0, count: genres)
        count += 1
    }

    /// Gives up the least probable of the older segments, if there are too many.
    private func forgetElders() {
        var elders = 0
        var least = 0
        for segment in 0..<count where ages[segment] > Self.youth {
            if elders == 0 || weights[segment] < weights[least] { least = segment }
            elders += 1
        }
        guard elders > Self.elders else { return }
        count -= 1
        weights[least] = weights[count]
        ages[least] = ages[count]
        seconds[least] = seconds[count]
        (sums.pointer + least * genres).update(from: sums.pointer + count * genres, count: genres)
        (logSums.pointer + least * genres).update(from: logSums.pointer + count * genres, count: genres)
        normalise()
    }

    /// Multiplies each segment's probability by how well it predicts the window.
    private func weigh(evidence: Float) {
        let prior = Self.priorSeconds.predicting
        for segment in 0..<count {
            let sums = sums.pointer + segment * genres
            var expected: Float = 0
            for genre in 0..<genres { expected += window[genre] * log(prior / Float(genres) + sums[genre]) }
            // Relative to a segment that predicts all genres alike, so that nothing becomes too small.
            expected -= log((prior + seconds[segment]) / Float(genres))
            weights[segment] *= exp(evidence * expected)
        }
        normalise()
    }

    private func normalise() {
        var sum: Float = 0
        for segment in 0..<count { sum += weights[segment] }
        guard sum > 0, sum.isFinite else { return reset() }
        for segment in 0..<count { weights[segment] /= sum }
    }

    /// Computes the published probabilities: the segments' own, weighted.
    private func conclude() {
        let published = published.elements
        published.update(repeating: 0)
        for segment in 0..<count where weights[segment] >= Self.negligible {
            let logSums = logSums.pointer + segment * genres
            let power = sharpness / (seconds[segment] + Self.priorSeconds.concluding)
            var largest = -Float.infinity
            for genre in 0..<genres { largest = max(largest, logSums[genre]) }
            var sum: Float = 0
            for genre in 0..<genres {
                window[genre] = exp(power * (logSums[genre] - largest))
                sum += window[genre]
            }
            for genre in 0..<genres { published[genre] += weights[segment] / sum * window[genre] }
        }
        var total: Float = 0
        for genre in 0..<genres { total += published[genre] }
        for genre in 0..<genres { published[genre] /= total }
    }
}
