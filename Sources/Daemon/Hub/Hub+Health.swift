// SPDX-License-Identifier: GPL-3.0-or-later

/// Whether everything works, and what is heard, for the service manager.
extension Hub {
    /// Sources that are named one by one in the status; more are counted.
    private static let mostNamed = 5

    /// What is heard, in a line: `radio: jazz (0.81), studio: silence`; of many sources how many are what.
    var spokenStatus: String {
        if sources.isEmpty { return "no sources" }
        if sources.count <= Self.mostNamed {
            return sources.map { source in
                let isSure = source.confidence > 0 && !source.isEnded
                return "\(source.name): \(source.spokenLabel)"
                    + (isSure ? " (\(source.confidence.rounded(toPlaces: 2)))" : "")
            }.joined(separator: ", ")
        }
        let counts = sources.reduce(into: [:]) { $0[$1.spokenLabel, default: 0] += 1 }
        return "\(sources.count) sources: "
            + counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
            .joined(separator: ", ")
    }

    /// Whether every source's analysis makes progress; to be asked again and again at equal intervals.
    ///
    /// The analysis of a source hangs when work waited for its worker at two looks in a row and nothing was taken in
    /// between. Once means nothing: the work may just have come, or this whole process was stopped for a while. A
    /// source without signal has no work, and neither has a pipe that nobody writes to.
    func isAnalysisAlive() -> Bool {
        var isAlive = true
        for source in sources {
            let progress = source.input.progress
            let moves = progress != source.seenProgress || !source.input.hasWork
            source.seenProgress = progress
            if moves {
                if source.looksWithoutProgress > 1 { log.notice("\(source.name): the analysis goes on") }
                source.looksWithoutProgress = 0
                continue
            }
            source.looksWithoutProgress += 1
            guard source.looksWithoutProgress > 1 else { continue }
            isAlive = false
            if source.looksWithoutProgress == 2 {
                log.error(
                    """
                    \(source.name): the analysis hangs: audio waits, and thread "\(source.input.workerName)" takes \
                    nothing of it; the watchdog is not fed until it does
                    """)
            }
        }
        return isAlive
    }
}

extension HubSource {
    fileprivate var spokenLabel: String { isEnded ? "ended" : label }
}
