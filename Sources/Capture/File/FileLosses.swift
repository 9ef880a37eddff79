// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// What of an audio file was not heard.
package struct FileLosses: Sendable, Equatable {
    /// A damaged part, which was skipped.
    package struct Damage: Sendable, Equatable {
        /// Seconds of what was heard before it.
        package var position: Double
        /// Its length, mostly estimated from its bytes.
        package var seconds: Double
    }

    /// The first damaged parts. Those that are close together count as one.
    package private(set) var damages: [Damage] = []
    /// The number and the length in seconds of all damaged parts.
    package private(set) var damageCount = 0
    package private(set) var damagedSeconds = 0.0
    /// Seconds that are missing at the end: the file is shorter than it says.
    package var missingSeconds = 0.0
    /// Why what follows some place is not heard, although the file goes on; nil if there is no such place.
    package var stop: String?

    /// Parts that are less than this apart, in seconds, are one.
    private static let nearness = 0.5
    private static let mostDamages = 100
    private static let shownDamages = 3

    package init() {}

    package var isEmpty: Bool { damageCount == 0 && missingSeconds == 0 && stop == nil }

    /// Adds a damaged part. Its position must not be before that of the last one.
    mutating func add(_ seconds: Double, at position: Double) {
        damagedSeconds += seconds
        if let last = damages.last, damages.count == damageCount, position - last.position < Self.nearness {
            damages[damages.count - 1].seconds += seconds
            return
        }
        damageCount += 1
        if damages.count < Self.mostDamages { damages.append(Damage(position: position, seconds: seconds)) }
    }

    /// One line, such as `2.5 s at 0:03.7 are damaged and were skipped`; nil if nothing was lost.
    package var text: String? {
        var parts: [String] = []
        if damageCount == 1, let damage = damages.first {
            parts.append(
                "\(Self.length(damage.seconds)) at \(Self.place(damage.position)) are damaged and were skipped")
        } else if damageCount > 1 {
            let shown = damages.prefix(Self.shownDamages).map { Self.place($0.position) }.joined(separator: ", ")
            let rest = damageCount > Self.shownDamages ? ", …" : ""
            parts.append(
                "\(Self.length(damagedSeconds)) at \(damageCount) places (\(shown)\(rest)) are damaged and were skipped"
            )
        }
        if missingSeconds > 0 {
            parts.append("it ends early: \(Self.length(missingSeconds)) are missing at its end")
        }
        if let stop { parts.append(stop) }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    /// Formats a length with tenths: `0.1 s`, `2.5 s`, `75.0 s`.
    private static func length(_ seconds: Double) -> String { "\(tenths(max(seconds, 0.1))) s" }

    /// Formats a place in a file: `0:03.7`, `61:40.0`.
    static func place(_ seconds: Double) -> String {
        let minutes = Int(bounded(seconds) / 60)
        let rest = bounded(seconds) - Double(minutes) * 60
        return "\(minutes):\(rest < 10 ? "0" : "")\(tenths(rest))"
    }

    /// Cut, not rounded: 59.96 is not 60.0 of a minute.
    private static func tenths(_ seconds: Double) -> String {
        let count = Int(bounded(seconds) * 10 + 1e-6)
        return "\(count / 10).\(count % 10)"
    }

    /// Claims of files come here.
    private static func bounded(_ seconds: Double) -> Double {
        seconds.isFinite ? min(max(seconds, 0), 1e12) : 0
    }
}
