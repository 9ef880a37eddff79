// SPDX-License-Identifier: GPL-3.0-or-later

/// Accumulates the metrics of streams.
struct StreamTally {
    private var time = 0.0
    private var settled = 0.0
    private var right = 0.0
    private var wrong = 0.0
    private var falseChanges = 0
    /// Seconds with the right label among the alternatives, and the sum of their numbers times seconds.
    private var among = 0.0
    private var listed = 0.0
    private var delays: [Double?] = []
    private var bins = [(time: Double, confidence: Double, right: Double)](repeating: (0, 0, 0), count: 10)
    /// The last published label. An interval without a label is not a change.
    private var published: Int?
    private var changesInClip = 0
    private var clip = -1

    /// What each label counts as in `StreamMetrics.published`: a label for audio that is not music as itself.
    private let kinds: [String]
    private var timeOfKind: [String: Double] = [:]

    /// - Parameters:
    ///   - labels: the labels' names.
    ///   - noMusic: indices of those for audio that is not music.
    init(labels: [String] = [], noMusic: [Int] = []) {
        kinds = labels.enumerated().map { noMusic.contains($0) ? $1 : "genre" }
    }

    /// Starts a new stream, with nothing published.
    mutating func startStream() {
        published = nil
        clip = -1
    }

    mutating func add(_ step: RecordedStream.Step, label: Int?, confidence: Double, alternatives: [Int] = []) {
        if step.clip != clip {
            clip = step.clip
            changesInClip = 0
            delays.append(nil)
        }
        time += step.elapsed
        if label == step.reference, delays[delays.count - 1] == nil { delays[delays.count - 1] = step.age }
        if let label, label != published {
            // One change in a clip is right, since its genre differs from the one before.
            changesInClip += 1
            if changesInClip > 1 { falseChanges += 1 }
            published = label
        }
        guard step.isSettled else { return }
        settled += step.elapsed
        let kind = label.map { kinds.indices.contains($0) ? kinds[$0] : "genre" } ?? "unsure"
        timeOfKind[kind, default: 0] += step.elapsed
        if alternatives.contains(step.reference) { among += step.elapsed }
        listed += Double(alternatives.count) * step.elapsed
        guard let label else { return }
        if label == step.reference { right += step.elapsed } else { wrong += step.elapsed }
        let bin = min(9, Int(confidence * 10))
        bins[bin].time += step.elapsed
        bins[bin].confidence += confidence * step.elapsed
        bins[bin].right += label == step.reference ? step.elapsed : 0
    }

    var metrics: StreamMetrics {
        let found = delays.compactMap { $0 }.sorted()
        let binned = bins.reduce(0) { $0 + $1.time }
        return StreamMetrics(
            minutes: time / 60, clips: delays.count, right: right / max(settled, 1e-9),
            wrong: wrong / max(settled, 1e-9),
            medianDelay: found.count * 2 > delays.count ? found[delays.count / 2] : nil,
            medianDelayFound: found.isEmpty ? nil : found[found.count / 2],
            found: Double(found.count) / Double(max(delays.count, 1)),
            falseChanges: Double(falseChanges) / max(time / 60, 1e-9),
            confidence: binned > 0 ? bins.reduce(0) { $0 + $1.confidence } / binned : nil,
            calibrationError: binned > 0
                ? bins.reduce(0) { $0 + abs($1.confidence - $1.right) } / binned : nil,
            amongAlternatives: among / max(settled, 1e-9), alternatives: listed / max(settled, 1e-9),
            published: timeOfKind.mapValues { $0 / max(settled, 1e-9) })
    }
}
