// SPDX-License-Identifier: GPL-3.0-or-later

import Synchronization

/// What waits to be written: filled from anywhere without waiting, emptied by the history.
final class Mailbox: Sendable {
    /// Changes that are kept when they cannot be written: a few megabytes.
    static let capacity = 10_000

    struct Contents: Sendable {
        var entries: [HistoryEntry] = []
        /// Of each source the label that lasts now; nil for one that has stopped.
        var open: [String: OpenLabel?] = [:]
        /// Entries that were thrown away because too many waited.
        var lost = 0

        var isEmpty: Bool { entries.isEmpty && open.isEmpty }

        /// Takes what came later.
        mutating func append(_ later: Contents) {
            entries += later.entries
            open.merge(later.open) { $1 }
            lost += later.lost
            if entries.count > Mailbox.capacity { dropOldest() }
        }

        mutating func append(_ entry: HistoryEntry) {
            entries.append(entry)
            // By a tenth at a time, so that it costs little.
            if entries.count > Mailbox.capacity + Mailbox.capacity / 10 { dropOldest() }
        }

        private mutating func dropOldest() {
            let excess = entries.count - Mailbox.capacity
            entries.removeFirst(excess)
            lost += excess
        }
    }

    private let state = Mutex<(contents: Contents, isAwaited: Bool)>((Contents(), false))

    /// True when nobody has been asked yet to fetch it.
    func put(_ change: (inout Contents) -> Void) -> Bool {
        state.withLock { state in
            change(&state.contents)
            defer { state.isAwaited = true }
            return !state.isAwaited
        }
    }

    func take() -> Contents {
        state.withLock { state in
            defer { state = (Contents(), false) }
            return state.contents
        }
    }
}
