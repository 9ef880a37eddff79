// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// A time in the past as people type it, on the clock of where this runs.
enum SinceText {
    /// For messages and the help.
    static let examples =
        "90s, 30min, 2h, 7d, today, yesterday, monday, 08:00, \"yesterday 18:00\", 2026-01-31 or 2026-01-31T08:00"

    private typealias Clock = (hour: Int32, minute: Int32, second: Int32)

    private static let weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]

    /// Nil for what is no time. A day means its beginning, a weekday and a time of the clock the last that there was.
    static func parse(_ text: String, now: Timestamp) -> Timestamp? {
        if let time = Timestamp(rfc3339: text) { return time }
        let text = text.lowercased()
        if let seconds = seconds(text) { return now.adding(seconds: -seconds) }
        if text == "now" { return now }
        let local = LocalTime(now)
        // Between date and time RFC 3339 has a T.
        let isDate = text.first?.isNumber == true
        let words = text.split(maxSplits: 1) { $0 == " " || (isDate && $0 == "t") }
        guard let first = words.first else { return nil }
        /// The time on that day or, where that is still to come, so many days before.
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
        // RFC 3339 says whether there is such a day.
        let date = first.split(separator: "-", omittingEmptySubsequences: false)
        guard date.count == 3, Timestamp(rfc3339: "\(first)T00:00:00Z") != nil, let year = Int32(date[0]),
            let month = number(date[1]), let day = number(date[2])
        else { return nil }
        return LocalTime.timestamp(
            year: year, month: month, day: day, hour: time.hour, minute: time.minute, second: time.second)
    }

    /// `08:00` or `08:00:30`.
    private static func clock(_ text: Substring) -> Clock? {
        let fields = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(fields.count) else { return nil }
        let numbers = fields.compactMap(number)
        guard numbers.count == fields.count, numbers[0] < 24, numbers[1] < 60 else { return nil }
        let second = numbers.count == 3 ? numbers[2] : 0
        return second < 60 ? (numbers[0], numbers[1], second) : nil
    }

    /// `90s`, `30m`, `30min`, `2h`, `7d`, `1w`, with decimals or without.
    private static func seconds(_ text: String) -> Double? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let value = Double(digits), value.isFinite else { return nil }
        switch text.dropFirst(digits.count).drop(while: { $0 == " " }) {
        case "s": return value
        case "m", "min": return value * 60
        case "h": return value * 3600
        case "d": return value * 86_400
        case "w": return value * 604_800
        default: return nil
        }
    }

    private static func number(_ text: Substring) -> Int32? {
        (1...2).contains(text.count) && text.allSatisfy { $0.isASCII && $0.isNumber } ? Int32(text) : nil
    }
}
