// SPDX-License-Identifier: GPL-3.0-or-later

/// What a listener said while a programme was played, set beside what was really playing.
package struct Comparison: Sendable {
    /// What was said of one part.
    package struct Result: Sendable, Equatable {
        package let part: Programme.Part
        /// What was said most of the time; nil when nothing was.
        package let mostly: String?
        /// How long after its beginning the part was first called right, in seconds; nil when it never was.
        package let delay: Double?
        /// The share of the part for which it was called right, 0 to 1.
        package let share: Double
    }

    private struct Tally {
        /// How many times each label was said.
        var counts: [String: Int] = [:]
        var firstRight: Double?
    }

    package let programme: Programme
    private var tallies: [Tally]

    package init(_ programme: Programme) {
        self.programme = programme
        tallies = programme.parts.map { _ in Tally() }
    }

    /// Takes an estimate: what was said when `position` seconds of the programme had been heard. Estimates are
    /// taken to be evenly spaced.
    package mutating func hear(_ label: String, at position: Double) {
        guard let index = programme.parts.firstIndex(where: { $0.start < position && position <= $0.end }) else {
            return
        }
        let part = programme.parts[index]
        tallies[index].counts[label, default: 0] += 1
        if label == part.label, tallies[index].firstRight == nil { tallies[index].firstRight = position }
    }

    /// What was said of each part, in order.
    package var results: [Result] {
        zip(programme.parts, tallies).map { part, tally in
            let total = tally.counts.values.reduce(0, +)
            let mostly = tally.counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
            let share = total == 0 ? 0 : Double(tally.counts[part.label] ?? 0) / Double(total)
            return Result(part: part, mostly: mostly, delay: tally.firstRight.map { $0 - part.start }, share: share)
        }
    }

    /// The share of the time that was heard for which what was said was right, 0 to 1; nil when nothing was heard.
    package var shareRight: Double? {
        let total = tallies.reduce(0) { $0 + $1.counts.values.reduce(0, +) }
        let right = zip(programme.parts, tallies).reduce(0) { $0 + ($1.1.counts[$1.0.label] ?? 0) }
        return total == 0 ? nil : Double(right) / Double(total)
    }
}
