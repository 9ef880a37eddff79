// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Glibc

/// The estimates of the fake daemon: sources that change their genre now and then.
struct Programme: Sendable {
    static let labels = [
        "blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "no-music", "pop", "reggae", "rock",
    ]

    private struct Source: Sendable {
        var status: SourceStatus
        var seed: Int
        var estimate: Estimate
        var since: Timestamp
    }

    private var sources: [Source]
    private(set) var changes: [Change] = []
    private let pace: Double
    private let start: Timestamp

    /// Returns sources with names of different lengths.
    static func sources(_ count: Int) -> [SourceStatus] {
        let names = ["radio", "kitchen", "tv", "café", "stage-left", "東京", "phono", "bar"]
        return (0..<count).map { index in
            SourceStatus(
                name: index < names.count ? names[index] : "input\(index)", uri: "pulse:@DEFAULT_MONITOR@",
                kind: "pulse", device: "alsa_output.pci-0000_00_1f.3.analog-stereo.monitor",
                format: "S16 48000 Hz 2 channels", state: .running)
        }
    }

    /// The last seq that is in use.
    private var seq: Int

    init(sources statuses: [SourceStatus], pace: Double, start: Timestamp, seq: Int = 0) {
        self.pace = pace
        self.seq = seq
        // The programme has already run for half an hour.
        self.start = start.adding(seconds: -1800 / pace)
        sources = []
        for (seed, status) in statuses.enumerated() {
            let estimate = Self.estimate(of: status.name, seed: seed, second: 0, time: self.start, since: self.start)
            sources.append(Source(status: status, seed: seed, estimate: estimate, since: self.start))
        }
        var time = self.start
        while time < start {
            _ = advance(to: time)
            time = time.adding(seconds: 1)
        }
    }

    var names: [String] { sources.map(\.status.name) }

    var statuses: [SourceStatus] { sources.map(\.status) }

    func estimates(of name: String?) -> [Estimate] {
        sources.filter { name == nil || $0.status.name == name }.map(\.estimate)
    }

    mutating func advance() -> [Notification] { advance(to: .now) }

    private mutating func advance(to now: Timestamp) -> [Notification] {
        var notifications: [Notification] = []
        for index in sources.indices {
            let source = sources[index]
            let second = now.seconds(since: start) * pace
            var estimate = Self.estimate(
                of: source.status.name, seed: source.seed, second: second, time: now, since: source.since)
            if estimate.label != source.estimate.label, now.seconds(since: source.since) * pace < 8, second > 4 {
                // Like genred, it keeps a label for a while.
                (estimate.state, estimate.genre) = (source.estimate.state, source.estimate.genre)
                estimate.label = source.estimate.label
                estimate.confidence = estimate.probabilities[estimate.label] ?? estimate.confidence
            } else if estimate.label != source.estimate.label {
                seq += 1
                let change = Change(
                    source: source.status.name, time: now.description, position: second, from: source.estimate.label,
                    to: estimate.label, confidence: estimate.confidence, lasted: now.seconds(since: source.since),
                    seq: seq)
                changes.append(change)
                notifications.append(.change(change))
                sources[index].since = now
                estimate.since = now.description
            }
            sources[index].estimate = estimate
            sources[index].status.position = second
            notifications.append(.estimate(estimate))
        }
        return notifications
    }

    /// Returns an estimate that moves smoothly through the genres: each label's score is a slow wave.
    private static func estimate(
        of name: String, seed: Int, second: Double, time: Timestamp, since: Timestamp
    ) -> Estimate {
        let phase = second / 110 + Double(seed) * 3.7
        let scores = labels.indices.map { index in
            exp(
                7 * sin(phase * (0.7 + 0.13 * Double(index)) + Double(index) * 2.1) + 0.3
                    * sin(second * 2 + Double(index)))
        }
        let sum = scores.reduce(0, +)
        var probabilities = Dictionary(uniqueKeysWithValues: zip(labels, scores.map { $0 / sum }))
        let best = probabilities.max { $0.value < $1.value } ?? (key: "rock", value: 0)
        let isSilent = sin(phase * 1.3) > 0.95
        if second < 3 { probabilities = probabilities.mapValues { _ in 1 / 11 } }
        let state: EstimateState =
            second < 3
            ? .starting
            : isSilent ? .silence : best.value < 0.4 ? .unsure : best.key == "no-music" ? .noMusic : .genre
        return Estimate(
            source: name, time: time.description, position: second, state: state,
            genre: state == .genre ? best.key : nil, confidence: best.value, probabilities: probabilities,
            since: since.description,
            level: isSilent ? -92 : -20 + 12 * sin(second * 1.7) * sin(second * 0.9 + Double(seed)),
            windowProbabilities: probabilities)
    }
}
