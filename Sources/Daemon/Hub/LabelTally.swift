// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Seconds of each label, and samples dropped, since the last summary in the log.
struct LabelTally {
    private var seconds: [String: Double] = [:]
    /// Samples that had been dropped in total at the last summary.
    private var droppedBefore = 0

    mutating func add(_ more: Double, to label: String) { seconds[label, default: 0] += more }

    /// The share of each label for people, such as `jazz 83 %, rock 17 %`; counts anew from here.
    ///
    /// - Parameter dropped: samples dropped since the source was started.
    mutating func takeSummary(dropped: Int) -> (text: String, isEmpty: Bool) {
        let total = seconds.values.reduce(0, +)
        let shares = seconds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.key) \(NumberText.percent($0.value / max(total, 1e-9)))" }
        let lost = dropped - droppedBefore
        let drops = lost > 0 ? "; \(lost) samples dropped: the processor did not keep up" : ""
        seconds.removeAll(keepingCapacity: true)
        droppedBefore = dropped
        return ((shares.isEmpty ? "nothing" : shares.joined(separator: ", ")) + drops, total <= 0)
    }
}
