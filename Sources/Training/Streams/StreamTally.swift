// SPDX-License-Identifier: GPL-3.0-or-later

/// Gathers figures over streams.
struct StreamTally {
    private var time = 0.0
    private var settled = 0.0
    private var right = 0.0
    private var wrong = 0.0
    private var falseChanges = 0
    private var delays: [Double?] = []
    private var bins = [(time: Double, confidence: Double, right: Double)](repeating: (0, 0, 0), count: 10)
    /// The label that was published last; a pause without one is no change.
    private var published: Int?
    private var changesInClip = 0
    private var clip = -1

    /// A new stream begins: nothing is published.
    mutating func startStream() {
        published = nil
        clip = -1
    }

    mutating func add(_ step: RecordedStream.Step, label: Int?, confidence: Double) {
        if step.clip != clip {
            clip = step.clip
            changesInClip = 0
            delays.append(nil)
        }
        time += step.elapsed
        if label == step.truth, delays[delays.count - 1] == nil { delays[delays.count - 1] = step.age }
        if let label, label != published {
            // A clip deserves one change of the label: it is another genre than the one before.
            changesInClip += 1
            if changesInClip > 1 { falseChanges += 1 }
            published = label
        }
        guard step.isSettled else { return }
        settled += step.elapsed
        guard let label else { return }
        if label == step.truth { right += step.elapsed } else { wrong += step.elapsed }
        let bin = min(9, Int(confidence * 10))
        bins[bin].time += step.elapsed
        bins[bin].confidence += confidence * step.elapsed
        bins[bin].right += label == step.truth ? step.elapsed : 0
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
                ? bins.reduce(0) { $0 + abs($1.confidence - $1.right) } / binned : nil)
    }
}
