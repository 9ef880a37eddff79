// SPDX-License-Identifier: GPL-3.0-or-later

import Synchronization

/// The changes that wait to be written: any thread adds to them without waiting, and the history takes them.
final class PendingEntries: Sendable {
    /// The most changes that are kept while they cannot be written: a few megabytes.
    static let capacity = 10_000

    struct Contents: Sendable {
        var entries: [HistoryEntry] = []
        /// The present label of each source; nil for one that has stopped.
        var open: [String: OpenLabel?] = [:]
        /// Entries that were dropped because too many waited.
        var lost = 0

        var isEmpty: Bool { entries.isEmpty && open.isEmpty }

        /// Adds contents that came later.
        mutating func append(_ later: Contents) {
            entries += later.entries
            open.merge(later.open) { $1 }
            lost += later.lost
            if entries.count > PendingEntries.capacity { dropOldest() }
        }

        mutating func append(_ entry: HistoryEntry) {
            entries.append(entry)
            // A tenth at a time, so that it costs little.
            if entries.count > PendingEntries.capacity + PendingEntries.capacity / 10 { dropOldest() }
        }

        private mutating func dropOldest() {
            let excess = entries.count - PendingEntries.capacity
            entries.removeFirst(excess)
            lost += excess
        }
    }

    private let state = Mutex<(contents: Contents, isAwaited: Bool)>((Contents(), false))

    /// Changes the contents. Returns whether they were empty, so that `take` has to be scheduled.
    func put(_ change: (inout Contents) -> Void) -> Bool {
        state.withLock { state in
            change(&state.contents)
            defer { state.isAwaited = true }
            return !state.isAwaited
        }
    }

    /// Removes and returns the contents.
    func take() -> Contents {
        state.withLock { state in
            defer { state = (Contents(), false) }
            return state.contents
        }
    }
}
