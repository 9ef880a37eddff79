import ControlProtocol

/// How much history is kept.
struct HistorySettings: Sendable, Equatable {
    /// Seconds.
    var keep: Double = 90 * 86_400
    /// Changes a source.
    var limit = 1000
}

/// The changes of label of all sources, each source's bounded in age and number, in memory.
struct ChangeHistory {
    private struct Entry {
        /// Counts all changes, so that those of different sources have an order even when the clock is set back.
        var sequence: Int
        var time: Timestamp
        var change: Change
    }

    var settings: HistorySettings
    private var entries: [String: [Entry]] = [:]
    private var sequence = 0

    init(settings: HistorySettings) { self.settings = settings }

    mutating func append(_ change: Change, at time: Timestamp) {
        sequence += 1
        entries[change.source, default: []].append(Entry(sequence: sequence, time: time, change: change))
        prune(change.source, now: time)
    }

    /// The newest changes that are not older than `since`, newest last; of all sources where none is named.
    func changes(of source: String?, since: Timestamp?, limit: Int, now: Timestamp) -> [Change] {
        let oldest = max(now.adding(seconds: -settings.keep), since ?? Timestamp(milliseconds: .min))
        func newest(_ list: [Entry]) -> ArraySlice<Entry> { list.filter { $0.time >= oldest }.suffix(limit) }
        if let source { return newest(entries[source] ?? []).map(\.change) }
        let all = entries.values.flatMap(newest).sorted { $0.sequence < $1.sequence }
        return all.suffix(limit).map(\.change)
    }

    /// Forgets the sources that are not among these.
    mutating func keep(only sources: Set<String>) {
        entries = entries.filter { sources.contains($0.key) }
    }

    private mutating func prune(_ source: String, now: Timestamp) {
        let oldest = now.adding(seconds: -settings.keep)
        // Removed by a quarter of the limit at a time, so that it costs nothing on average.
        guard let list = entries[source],
            list.count >= settings.limit + settings.limit / 4 + 1 || list.first.map({ $0.time < oldest }) == true
        else { return }
        entries[source] = Array(list.suffix(settings.limit).drop { $0.time < oldest })
    }
}
