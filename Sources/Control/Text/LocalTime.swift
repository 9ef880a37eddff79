// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc

/// A time in the local time zone.
struct LocalTime {
    private let fields: tm

    init(_ time: Timestamp) {
        var seconds = time_t(
            time.milliseconds >= 0 ? time.milliseconds / 1000 : (time.milliseconds - 999) / 1000)
        var fields = tm()
        localtime_r(&seconds, &fields)
        self.fields = fields
    }

    /// The date, such as `2026-01-31`.
    var date: String {
        "\(fields.tm_year + 1900)-\(NumberText.twoDigits(Int(fields.tm_mon) + 1))-\(NumberText.twoDigits(Int(fields.tm_mday)))"
    }

    /// Hours and minutes, such as `08:00`.
    var clock: String {
        "\(NumberText.twoDigits(Int(fields.tm_hour))):\(NumberText.twoDigits(Int(fields.tm_min)))"
    }

    /// The time of day, such as `08:00:00`.
    var time: String { "\(clock):\(NumberText.twoDigits(Int(fields.tm_sec)))" }

    /// Formats an RFC 3339 time as `2026-01-31 08:00:00`; returns any other text unchanged.
    static func full(_ text: String) -> String {
        guard let time = Timestamp(rfc3339: text).map(LocalTime.init) else { return text }
        return "\(time.date) \(time.time)"
    }

    /// The day of the week; 0 is Sunday.
    var weekday: Int32 { fields.tm_wday }

    /// Returns a time of day on the day that is `days` after this one.
    func day(_ days: Int32, hour: Int32 = 0, minute: Int32 = 0, second: Int32 = 0) -> Timestamp? {
        Self.timestamp(
            year: fields.tm_year + 1900, month: fields.tm_mon + 1, day: fields.tm_mday + days, hour: hour,
            minute: minute, second: second)
    }

    /// Nil outside the range of the system's calendar.
    static func timestamp(
        year: Int32, month: Int32, day: Int32, hour: Int32 = 0, minute: Int32 = 0, second: Int32 = 0
    ) -> Timestamp? {
        var fields = tm()
        (fields.tm_year, fields.tm_mon, fields.tm_mday) = (year - 1900, month - 1, day)
        (fields.tm_hour, fields.tm_min, fields.tm_sec, fields.tm_isdst) = (hour, minute, second, -1)
        let seconds = mktime(&fields)
        return seconds == -1 ? nil : Timestamp(milliseconds: Int64(seconds) * 1000)
    }
}
