// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Seconds of each label, and samples dropped, since the last summary in the log.
struct LabelTally {
    /// The totals at the last summary.
    private var before: [String: Double] = [:]
    private var droppedBefore = 0

    /// The share of each label for people, such as `jazz 83 %, rock 17 %`; counts anew from here.
    ///
    /// - Parameters:
    ///   - totals: the seconds of each label.
    ///   - dropped: samples dropped since the source was started.
    mutating func takeSummary(of totals: [String: Double], dropped: Int) -> (text: String, isEmpty: Bool) {
        let seconds = totals.map { (key: $0.key, value: $0.value - before[$0.key, default: 0]) }.filter { $0.value > 0 }
        let total = seconds.reduce(0) { $0 + $1.value }
        let shares = seconds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.key) \(NumberText.percent($0.value / max(total, 1e-9)))" }
        let lost = dropped - droppedBefore
        let drops = lost > 0 ? "; \(NumberText.counted(lost, "sample")) dropped: the processor did not keep up" : ""
        (before, droppedBefore) = (totals, dropped)
        return ((shares.isEmpty ? "nothing" : shares.joined(separator: ", ")) + drops, total <= 0)
    }
}
