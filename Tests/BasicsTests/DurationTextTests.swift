// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Testing

struct DurationTextTests {
    @Test(arguments: [
        ("250ms", 0.25), ("1.5s", 1.5), ("30 s", 30), ("10min", 600), ("10 m", 600), ("1h30m", 5400), ("1h", 3600),
        ("90d", 7_776_000), ("2w", 1_209_600), ("3 days", 259_200), ("1 hour 30 minutes", 5400), ("0.24", 0.24),
        ("5", 5), ("0s", 0),
    ])
    func `durations are read as people write them`(text: String, seconds: Double) {
        #expect(DurationText.seconds(text) == seconds)
    }

    @Test(arguments: ["", " ", "s", "-1s", "1x", "1h30", "1.2.3s", "1e5", "inf", "nan", "1 hours ago", "1s1", "٣s"])
    func `anything but a duration is refused`(text: String) { #expect(DurationText.seconds(text) == nil) }

    @Test(arguments: [
        (0, "0 s"), (0.04, "0.0 s"), (0.7, "0.7 s"), (0.99, "1 s"), (-5, "0 s"), (.nan, "0 s"), (.infinity, "0 s"),
        (42, "42 s"), (59.4, "59 s"), (59.9, "1 min 00 s"), (60, "1 min 00 s"), (192, "3 min 12 s"),
        (3600, "1 h 00 min"),
        (7380, "2 h 03 min"), (90_000, "1 d 1 h"), (273_600, "3 d 4 h"),
    ])
    func `durations are written as people read them`(seconds: Double, text: String) {
        #expect(DurationText.text(seconds) == text)
    }
}
