// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Reports for people and for the service manager: status line, summary, and whether every analysis makes progress.
extension Hub {
    /// The most sources that the status line names one by one; more are counted.
    private static let mostNamed = 5

    /// What is heard, in a line: `radio: jazz (81 %), studio: silence`; with many sources, how many have which label.
    func statusLine() -> String {
        publishUnannounced()
        if sources.isEmpty { return "no sources" }
        if sources.count <= Self.mostNamed {
            return sources.map { source in
                let isSure = source.latest.confidence > 0 && !source.device.isEnded
                return "\(source.name): \(source.statusLabel)"
                    + (isSure ? " (\(NumberText.percent(Double(source.latest.confidence))))" : "")
            }.joined(separator: ", ")
        }
        let counts = sources.reduce(into: [:]) { $0[$1.statusLabel, default: 0] += 1 }
        return "\(sources.count) sources: "
            + counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
            .joined(separator: ", ")
    }

    /// Logs a line for each source, with the share of each label since the last summary.
    func logSummary() {
        publishUnannounced()
        let interval = summaryClock.lap()
        for source in sources {
            guard let summary = source.takeSummary() else { continue }
            log.info("\(source.name): in \(DurationText.text(interval)): \(summary)")
        }
    }

    /// Whether every source's analysis makes progress. Call it at equal intervals.
    func isAnalysisAlive() -> Bool {
        var isAlive = true
        for source in sources {
            switch source.checkProgress() {
            case .alive: break
            case .aliveAgain: log.notice("\(source.name): the analysis continues")
            case .stillHangs: isAlive = false
            case .hangs:
                isAlive = false
                log.error(
                    """
                    \(source.name): the analysis hangs: audio waits, and thread "\(source.input.workerName)" does not \
                    take it; the watchdog is not fed until it does
                    """)
            }
        }
        return isAlive
    }
}

/// Measures the time between summaries.
struct SummaryClock {
    private var start = monotonicSeconds()

    /// Returns the seconds since the last call, or since the start.
    mutating func lap() -> Double {
        let now = monotonicSeconds()
        defer { start = now }
        return now - start
    }
}

extension HubSource {
    fileprivate var statusLabel: String { device.isEnded ? "ended" : span.label }
}
