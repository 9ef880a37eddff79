// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// Adds up how long each label was published since a given time.
struct LabelTimes {
    let since: Timestamp
    private var seconds: [String: Double] = [:]

    init(since: Timestamp) { self.since = since }

    /// Adds a label. If it began before `since`, only the share after it counts.
    ///
    /// - Parameter lasted: seconds of audio. They can be more than from `began` to `ended`: a file may be read fast, and
    ///   clocks are set.
    mutating func add(_ label: String, began: Timestamp, ended: Timestamp, lasted: Double) {
        guard ended >= since, lasted > 0, lasted.isFinite else { return }
        var share = 1.0
        if began < since { share = ended.seconds(since: since) / ended.seconds(since: began) }
        seconds[label, default: 0] += lasted * share
    }

    /// Adds the seconds of labels that all began after `since`.
    mutating func add(_ label: String, seconds more: Double) { seconds[label, default: 0] += more }

    /// The time of each label, longest first.
    var result: [LabelTime] {
        seconds.filter { $0.value > 0 }
            .map { LabelTime(label: $0.key, seconds: ($0.value * 1000).rounded() / 1000) }
            .sorted { ($1.seconds, $0.label) < ($0.seconds, $1.label) }
    }
}
