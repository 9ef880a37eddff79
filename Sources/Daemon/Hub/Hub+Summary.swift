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
            log.info("\(source.name): in \(spoken(interval)): \(heard)\(drops)")
        }
    }
}

/// As in `83 %`.
private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

/// A duration for people: `4.2 s`, `42 s`, `3:20`, `2:05:00`, `3 d 4 h`.
func spoken(_ seconds: Double) -> String {
    let whole = Int(min(max(seconds, 0), 1e12).rounded())
    switch whole {
    case ..<10: return "\(seconds.rounded(toPlaces: 1)) s"
    case ..<60: return "\(whole) s"
    case ..<3600: return "\(whole / 60):\(twoDigits(whole % 60))"
    case ..<86_400: return "\(whole / 3600):\(twoDigits(whole / 60 % 60)):\(twoDigits(whole % 60))"
    default: return "\(whole / 86_400) d \(whole / 3600 % 24) h"
    }
}
