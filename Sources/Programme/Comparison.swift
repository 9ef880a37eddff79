// SPDX-License-Identifier: GPL-3.0-or-later

/// Compares the labels heard during a programme with what was really playing.
package struct Comparison: Sendable {
    /// The outcome for one part.
    package struct Result: Sendable, Equatable {
        package let part: Programme.Part
        /// The most frequent label; nil if none was heard.
        package let mostly: String?
        /// Seconds from the beginning of the part to the first right label; nil if there was none.
        package let delay: Double?
        /// The share of the part with the right label, 0 to 1.
        package let share: Double
    }

    private struct Tally {
        /// How often each label was heard.
        var counts: [String: Int] = [:]
        var firstRight: Double?
    }

    package let programme: Programme
    private var tallies: [Tally]

    package init(_ programme: Programme) {
        self.programme = programme
        tallies = programme.parts.map { _ in Tally() }
    }

    /// Records the label of an estimate that was published after `position` seconds of the programme. Estimates are
    /// assumed to be evenly spaced.
    package mutating func record(_ label: String, at position: Double) {
        guard let index = programme.parts.firstIndex(where: { $0.start < position && position <= $0.end }) else {
            return
        }
        let part = programme.parts[index]
        tallies[index].counts[label, default: 0] += 1
        if label == part.label, tallies[index].firstRight == nil { tallies[index].firstRight = position }
    }

    /// The outcome for each part, in order.
    package var results: [Result] {
        zip(programme.parts, tallies).map { part, tally in
            let total = tally.counts.values.reduce(0, +)
            let mostly = tally.counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
            let share = total == 0 ? 0 : Double(tally.counts[part.label] ?? 0) / Double(total)
            return Result(part: part, mostly: mostly, delay: tally.firstRight.map { $0 - part.start }, share: share)
        }
    }

    /// The share of the estimates with the right label, 0 to 1; nil if there were none.
    package var shareRight: Double? {
        let total = tallies.reduce(0) { $0 + $1.counts.values.reduce(0, +) }
        let right = zip(programme.parts, tallies).reduce(0) { $0 + ($1.1.counts[$1.0.label] ?? 0) }
        return total == 0 ? nil : Double(right) / Double(total)
    }
}
