// SPDX-License-Identifier: GPL-3.0-or-later

/// Durations as people write and read them.
package enum DurationText {
    /// The examples that error messages show.
    package static let examples = "a duration such as 30s, 10min, 1h or 90d"

    private static let units: [(names: [String], seconds: Double)] = [
        (["ms", "milliseconds"], 0.001), (["s", "sec", "secs", "second", "seconds"], 1),
        (["min", "m", "mins", "minute", "minutes"], 60), (["h", "hr", "hrs", "hour", "hours"], 3600),
        (["d", "day", "days"], 86_400), (["w", "week", "weeks"], 604_800),
    ]

    /// Parses `250ms`, `1.5s`, `10 min`, `1h30m`, `3 days`, or a bare number of seconds.
    ///
    /// - Returns: seconds, finite and not negative; nil for anything else.
    package static func seconds(_ text: String) -> Double? {
        let compact = Substring(text.filter { $0 != " " })
        var rest = compact
        if let bare = takeNumber(&rest), rest.isEmpty { return bare }
        rest = compact
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            guard let count = takeNumber(&rest) else { return nil }
            let name = String(rest.prefix { $0.isASCII && $0.isLetter })
            guard let unit = units.first(where: { $0.names.contains(name) }) else { return nil }
            rest = rest.dropFirst(name.count)
            total += count * unit.seconds
        }
        return total.isFinite ? total : nil
    }

    /// Removes digits with at most one decimal point from the beginning.
    private static func takeNumber(_ text: inout Substring) -> Double? {
        let digits = text.prefix { "0123456789.".contains($0) }
        guard let value = Double(digits), value.isFinite else { return nil }
        text = text.dropFirst(digits.count)
        return value
    }

    /// Formats seconds for people: `0.7 s`, `3 s`, `4 min 05 s`, `2 h 03 min`, `5 d 6 h`.
    package static func text(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds > 0 else { return "0 s" }
        // Rounded to tenths by hand: a formatter would need the whole of Foundation.
        if seconds < 0.95 { return "0.\(Int((seconds * 10).rounded())) s" }
        let total = Int(min(seconds, 1e12).rounded())
        if total < 60 { return "\(total) s" }
        if total < 3600 { return "\(total / 60) min \(NumberText.twoDigits(total % 60)) s" }
        if total < 86_400 { return "\(total / 3600) h \(NumberText.twoDigits(total / 60 % 60)) min" }
        return "\(total / 86_400) d \(total / 3600 % 24) h"
    }

    /// Formats seconds by the largest unit alone: `45 s`, `12 min`, `3 h`, `5 d`.
    package static func briefText(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds > 0 else { return "0 s" }
        let total = Int(min(seconds, 1e12))
        if total < 60 { return "\(total) s" }
        if total < 3600 { return "\(total / 60) min" }
        return total < 86_400 ? "\(total / 3600) h" : "\(total / 86_400) d"
    }
}
