import Testing

@testable import genred

struct DurationTextTests {
    @Test(arguments: [
        ("250ms", 0.25), ("1.5s", 1.5), ("30 s", 30), ("10min", 600), ("10 m", 600), ("1h30m", 5400), ("1h", 3600),
        ("90d", 7_776_000), ("2w", 1_209_600), ("0.24", 0.24), ("5", 5), ("0s", 0),
    ])
    func `reads durations as one writes them`(text: String, seconds: Double) {
        #expect(DurationText.seconds(text) == seconds)
    }

    @Test(arguments: ["", " ", "s", "-1s", "1x", "1h30", "1.2.3s", "1e5", "inf", "nan", "1 hour", "1s1", "٣s"])
    func `refuses what is no duration`(text: String) { #expect(DurationText.seconds(text) == nil) }

    @Test(arguments: [
        (0.04, "0.0 s"), (4.25, "4.3 s"), (42, "42 s"), (60, "1:00"), (200, "3:20"), (7500, "2:05:00"),
        (273_600, "3 d 4 h"), (-1, "-1.0 s"),
    ])
    func `says durations as people read them`(seconds: Double, text: String) { #expect(spoken(seconds) == text) }
}
