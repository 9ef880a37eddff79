// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// A point in time, to the millisecond. It reads and writes RFC 3339 without a date formatter, because every estimate has
/// one.
package struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z without leap seconds, for the years 0 to 9999.
    package let milliseconds: Int64

    private static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// Clamps to the years that RFC 3339 can write.
    package init(milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, Self.range.lowerBound), Self.range.upperBound)
    }

    package static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    package func adding(seconds: Double) -> Timestamp {
        let sum = Double(milliseconds) + (seconds * 1000).rounded()
        guard sum < Double(Self.range.upperBound) else { return Timestamp(milliseconds: .max) }
        return sum > Double(Self.range.lowerBound) ? Timestamp(milliseconds: Int64(sum)) : Timestamp(milliseconds: .min)
    }

    /// The seconds from `other` to this time; negative when this time is earlier.
    package func seconds(since other: Timestamp) -> Double { Double(milliseconds - other.milliseconds) / 1000 }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    /// The time in RFC 3339, such as `2026-01-31T08:00:00.250Z`.
    package var description: String {
        let (day, ofDay) = milliseconds.quotientFloor(86_400_000)
        let date = civil(day: day)
        return String(unsafeUninitializedCapacity: 24) { text in
            func put(_ value: Int64, _ digits: Int, at start: Int) {
                var value = value
                for index in stride(from: start + digits - 1, through: start, by: -1) {
                    text[index] = UInt8(ascii: "0") + UInt8(value % 10)
                    value /= 10
                }
            }
            put(date.year, 4, at: 0)
            put(date.month, 2, at: 5)
            put(date.day, 2, at: 8)
            put(ofDay / 3_600_000, 2, at: 11)
            put(ofDay / 60_000 % 60, 2, at: 14)
            put(ofDay / 1000 % 60, 2, at: 17)
            put(ofDay % 1000, 3, at: 20)
            (text[4], text[7], text[10]) = (UInt8(ascii: "-"), UInt8(ascii: "-"), UInt8(ascii: "T"))
            (text[13], text[16], text[19]) = (UInt8(ascii: ":"), UInt8(ascii: ":"), UInt8(ascii: "."))
            text[23] = UInt8(ascii: "Z")
            return 24
        }
    }

    /// Parses RFC 3339: a date, then `T`, `t` or a space, then a time with any number of decimals (cut to milliseconds),
    /// then `Z`, `z` or an offset. Nil for anything else, such as a 30th of February. A leap second counts as the next
    /// second.
    package init?(rfc3339 text: String) {
        var reader = DigitReader(text.utf8)
        guard let year = reader.number(4), reader.skip("-"), let month = reader.number(2), reader.skip("-"),
            let day = reader.number(2), reader.skip("Tt "), let hour = reader.number(2), reader.skip(":"),
            let minute = reader.number(2), reader.skip(":"), let second = reader.number(2),
            (1...12).contains(month), day >= 1, day <= daysInMonth(month, year: year), hour < 24, minute < 60,
            second <= 60
        else { return nil }
        var milliseconds: Int64 = 0
        if reader.skip(".") {
            guard let fraction = reader.fraction() else { return nil }
            milliseconds = fraction
        }
        var offset: Int64 = 0
        if !reader.skip("Zz") {
            let sign: Int64 = reader.peek(UInt8(ascii: "-")) ? -1 : 1
            guard reader.skip("+-"), let hours = reader.number(2), reader.skip(":"), let minutes = reader.number(2),
                hours < 24, minutes < 60
            else { return nil }
            offset = sign * (hours * 60 + minutes)
        }
        guard reader.isAtEnd else { return nil }
        let minutes = dayNumber(year: year, month: month, day: day) * 1440 + hour * 60 + minute - offset
        let sum = (minutes * 60 + second) * 1000 + milliseconds
        guard Self.range.contains(sum) else { return nil }
        self.milliseconds = sum
    }
}

private struct DigitReader {
    private var rest: Substring.UTF8View

    init(_ text: String.UTF8View) { rest = text[...] }

    var isAtEnd: Bool { rest.isEmpty }

    func peek(_ byte: UInt8) -> Bool { rest.first == byte }

    mutating func skip(_ any: StaticString) -> Bool {
        guard let byte = rest.first, any.withUTF8Buffer({ $0.contains(byte) }) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func digit() -> Int64? {
        guard let byte = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        rest.removeFirst()
        return Int64(byte - UInt8(ascii: "0"))
    }

    mutating func number(_ digits: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// Reads decimals as milliseconds; nil if there are none.
    mutating func fraction() -> Int64? {
        guard var value = digit() else { return nil }
        value *= 100
        var weight: Int64 = 10
        while let digit = digit() {
            value += digit * weight
            weight /= 10
        }
        return value
    }
}

// Conversion between dates and day numbers, after Howard Hinnant, "chrono-compatible low-level date algorithms".

private func dayNumber(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = shifted.quotientFloor(400)
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

private func civil(day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = (day + 719_468).quotientFloor(146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
}

private func daysInMonth(_ month: Int64, year: Int64) -> Int64 {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Int(month) - 1]
}

extension Int64 {
    fileprivate func quotientFloor(_ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
