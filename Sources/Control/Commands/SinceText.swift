// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// Parses times in the past as people type them, in the local time zone.
enum SinceText {
    /// The examples in messages and help.
    static let examples =
        "90s, 30min, 2h, \"3 days ago\", today, yesterday, monday, 08:00, \"yesterday 18:00\", 2026-01-31 or 2026-01-31T08:00"

    private typealias Clock = (hour: Int32, minute: Int32, second: Int32)

    private static let weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]

    /// Nil if the text is not a time. A day means its beginning; a weekday or a time of day means the latest one in the
    /// past.
    static func parse(_ text: String, now: Timestamp) -> Timestamp? {
        if let time = Timestamp(rfc3339: text) { return time }
        // A time of day without seconds, with its zone.
        if let zone = text.lastIndex(where: { "Zz+-".contains($0) }), text[..<zone].count == 16,
            let time = Timestamp(rfc3339: "\(text[..<zone]):00\(text[zone...])")
        {
            return time
        }
        var text = text.lowercased()
        if text.hasSuffix(" ago") { text.removeLast(4) }
        // The same durations as in the configuration.
        if let seconds = DurationText.seconds(text) {
            return now.adding(seconds: -seconds)
        }
        if text == "now" { return now }
        let local = LocalTime(now)
        // RFC 3339 has a T between date and time.
        let isDate = text.first?.isNumber == true
        let words = text.split(maxSplits: 1) { $0 == " " || (isDate && $0 == "t") }
        guard let first = words.first else { return nil }
        /// Returns the time on a day, or `period` days earlier if that is still to come.
        func last(_ daysAgo: Int32, orBefore period: Int32, _ time: Clock) -> Timestamp? {
            let found = local.day(-daysAgo, hour: time.hour, minute: time.minute, second: time.second)
            guard let found, found > now, period > 0 else { return found }
            return local.day(-daysAgo - period, hour: time.hour, minute: time.minute, second: time.second)
        }
        if words.count == 1, let time = clock(first) { return last(0, orBefore: 1, time) }
        var time: Clock = (0, 0, 0)
        if words.count == 2 {
            guard let given = clock(words[1]) else { return nil }
            time = given
        }
        switch first {
        case "today": return last(0, orBefore: 0, time)
        case "yesterday": return last(1, orBefore: 0, time)
        default: break
        }
        if let day = weekdays.firstIndex(where: { $0 == first || $0.prefix(3) == first }) {
            return last((local.weekday - Int32(day) + 7) % 7, orBefore: 7, time)
        }
        // The RFC 3339 parser rejects days that do not exist.
        let date = first.split(separator: "-", omittingEmptySubsequences: false)
        guard date.count == 3, Timestamp(rfc3339: "\(first)T00:00:00Z") != nil, let year = Int32(date[0]),
            let month = number(date[1]), let day = number(date[2])
        else { return nil }
        return LocalTime.timestamp(
            year: year, month: month, day: day, hour: time.hour, minute: time.minute, second: time.second)
    }

    /// Parses `08:00` or `08:00:30`.
    private static func clock(_ text: Substring) -> Clock? {
        let fields = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(fields.count) else { return nil }
        let numbers = fields.compactMap(number)
        guard numbers.count == fields.count, numbers[0] < 24, numbers[1] < 60 else { return nil }
        let second = numbers.count == 3 ? numbers[2] : 0
        return second < 60 ? (numbers[0], numbers[1], second) : nil
    }

    private static func number(_ text: Substring) -> Int32? {
        (1...2).contains(text.count) && text.allSatisfy { $0.isASCII && $0.isNumber } ? Int32(text) : nil
    }
}
