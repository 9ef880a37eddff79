// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import Testing

struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (1_769_846_400_250, "2026-01-31T08:00:00.250Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func `known times are written and read`(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test
    func `any time survives being written and read, and Foundation reads it the same`() throws {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for _ in 0..<2000 {
            let time = Timestamp(milliseconds: Int64.random(in: -2_000_000_000_000...32_000_000_000_000))
            #expect(Timestamp(rfc3339: time.description) == time)
            let date = try style.parse(time.description)
            #expect(Int64((date.timeIntervalSince1970 * 1000).rounded()) == time.milliseconds)
        }
    }

    @Test(arguments: [
        "2026-01-31T09:00:00+01:00", "2026-01-31T02:30:00.000-05:30", "2026-01-31t08:00:00z",
        "2026-01-31 08:00:00Z", "2026-01-31T08:00:00.0009999999999999999999999Z", "2026-01-31T07:59:60Z",
    ])
    func `offsets, decimals and letters are read as RFC 3339 allows`(text: String) {
        #expect(Timestamp(rfc3339: text)?.description == "2026-01-31T08:00:00.000Z")
    }

    @Test(arguments: [
        "", "yesterday", "2026-01-31", "2026-01-31T08:00:00", "2026-02-29T08:00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T08:60:00Z",
        "2026-01-31T08:00:61Z", "2026-01-31T08:00:00.Z", "2026-01-31T08:00:00Zx", "2026-01-31T08:00:00+1:00",
        "2026-01-31T08:00:00+24:00", "26-01-31T08:00:00Z", "+026-01-31T08:00:00Z", "２026-01-31T08:00:00Z",
        "0000-01-01T00:00:00+01:00", "9999-12-31T23:59:60Z",
    ])
    func `text that is not a time is refused`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test
    func `sums are clamped to the years that can be written`() {
        #expect(Timestamp.now.adding(seconds: 1e300).description == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp.now.adding(seconds: -1e300).description == "0000-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: 0).adding(seconds: -1.5).milliseconds == -1500)
        #expect(Timestamp(milliseconds: 2500).seconds(since: Timestamp(milliseconds: 1000)) == 1.5)
    }

    @Test
    func `now is now`() {
        #expect(abs(Date().timeIntervalSince1970 * 1000 - Double(Timestamp.now.milliseconds)) < 5000)
    }
}
