// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// What one source was heard to be, when: what the strip of time shows.
struct Timeline: Sendable, Equatable {
    struct Segment: Sendable, Equatable {
        var label: String
        var start: Timestamp
        var end: Timestamp
        /// What came after it; nil while it lasts.
        var next: String?
    }

    /// Of closed labels, oldest first.
    private(set) var past: [Segment] = []
    /// The most kept; older ones are forgotten.
    static let capacity = 4000

    init(changes: [Change] = []) {
        for change in changes { append(change) }
    }

    /// Each change says which label it ended and how long that had lasted, so that a time when the daemon was not
    /// running stays empty.
    mutating func append(_ change: Change) {
        guard let end = Timestamp(rfc3339: change.time) else { return }
        let start = end.adding(seconds: -change.lasted)
        past.append(Segment(label: change.from, start: start, end: end, next: change.to))
        if past.count > Self.capacity + 100 { past.removeFirst(past.count - Self.capacity) }
    }

    /// For each of `columns` equal parts of the time from `start` to `end`, the label that lasted longest in it; nil
    /// where nothing is known.
    func columns(_ columns: Int, from start: Timestamp, to end: Timestamp, current: Segment?)
        -> [String?]
    {
        guard columns > 0, end > start else { return [] }
        let scale = Double(columns) / end.seconds(since: start)
        var best = [(label: String?, share: Double)](repeating: (nil, 0), count: columns)
        var shares: [String: Double] = [:]
        var column = 0
        func settle() {
            // Ties go to the label that sorts first, so that the picture stands still.
            let winner = shares.min { ($1.value, $0.key) < ($0.value, $1.key) }
            if let winner, winner.value > best[column].share { best[column] = (winner.key, winner.value) }
            shares.removeAll(keepingCapacity: true)
        }
        for segment in past + (current.map { [$0] } ?? []) {
            let from = max(0, segment.start.seconds(since: start) * scale)
            let to = min(Double(columns), segment.end.seconds(since: start) * scale)
            guard to > from else { continue }
            for index in Int(from)..<min(columns, Int(to.rounded(.up))) {
                if index != column {
                    settle()
                    column = index
                }
                let share = min(to, Double(index + 1)) - max(from, Double(index))
                shares[segment.label, default: 0] += share
            }
        }
        settle()
        return best.map(\.label)
    }
}
