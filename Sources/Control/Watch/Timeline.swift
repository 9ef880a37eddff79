// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// The labels of one source over time, which the strip shows.
struct Timeline: Sendable, Equatable {
    struct Segment: Sendable, Equatable {
        var label: String
        var start: Timestamp
        var end: Timestamp
        /// The label that follows; nil for the current one.
        var next: String?
    }

    /// The segments that have ended, oldest first.
    private(set) var past: [Segment] = []
    /// The number of past segments to keep; older ones are removed.
    static let capacity = 4000

    init(changes: [Change] = []) {
        for change in changes { append(change) }
    }

    /// Appends the segment that a change ended. A change has the duration of the previous label, so the time when the
    /// daemon was not running stays empty.
    mutating func append(_ change: Change) {
        guard let end = Timestamp(rfc3339: change.time) else { return }
        let start = end.adding(seconds: -change.lasted)
        past.append(Segment(label: change.from, start: start, end: end, next: change.to))
        if past.count > Self.capacity + 100 { past.removeFirst(past.count - Self.capacity) }
    }

    /// Divides the time from `start` to `end` into equal columns and returns the label that lasted longest in each; nil
    /// where none is known.
    func columns(_ columns: Int, from start: Timestamp, to end: Timestamp, current: Segment?)
        -> [String?]
    {
        guard columns > 0, end > start else { return [] }
        let scale = Double(columns) / end.seconds(since: start)
        var best = [(label: String?, share: Double)](repeating: (nil, 0), count: columns)
        var shares: [String: Double] = [:]
        var column = 0
        func settle() {
            // Ties go to the label that sorts first, so that the picture does not flicker.
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
