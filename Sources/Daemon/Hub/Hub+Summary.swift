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
                .map { "\($0.key) \(percent(Float($0.value / max(total, 1e-9))))" }
            let heard = shares.isEmpty ? "nothing" : shares.joined(separator: ", ")
            let lost = dropped - source.tallyDropped
            let drops = lost > 0 ? "; \(lost) samples dropped: the processor did not keep up" : ""
            log.info("\(source.name): in \(spoken(interval)): \(heard)\(drops)")
        }
    }
}

/// As in `83 %`.
func percent(_ share: Float) -> String { "\(Int((share * 100).rounded())) %" }

/// A duration for people: `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.
func spoken(_ seconds: Double) -> String {
    let whole = Int(min(max(seconds, 0), 1e12).rounded())
    switch whole {
    case ..<10: return "\(seconds.rounded(toPlaces: 1)) s"
    case ..<60: return "\(whole) s"
    case ..<3600: return "\(whole / 60) min \(whole % 60) s"
    case ..<86_400: return "\(whole / 3600) h \(whole / 60 % 60) min"
    default: return "\(whole / 86_400) d \(whole / 3600 % 24) h"
    }
}
