// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture

/// What was heard, from time to time.
extension Hub {
    /// Logs a line a source with the share of each label since the last summary.
    func logSummary() {
        let now = monotonicSeconds()
        let interval = now - tallyStart
        tallyStart = now
        for source in sources {
            source.advanceQuiet()
            let total = source.tally.values.reduce(0, +)
            let dropped = source.input.dropped
            defer {
                source.tally.removeAll(keepingCapacity: true)
                source.tallyDropped = dropped
            }
            // Nothing to say of a file that ended long ago.
            guard total > 0 || !source.isEnded else { continue }
            let shares = source.tally.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                .map { "\($0.key) \(percent($0.value / max(total, 1e-9)))" }
            let heard = shares.isEmpty ? "nothing" : shares.joined(separator: ", ")
            let lost = dropped - source.tallyDropped
            let drops = lost > 0 ? "; \(lost) samples dropped: the processor did not keep up" : ""
            log.info("\(source.name): in \(DurationText.text(interval)): \(heard)\(drops)")
        }
    }
}

/// As in `83 %`.
private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
