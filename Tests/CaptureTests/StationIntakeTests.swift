// SPDX-License-Identifier: GPL-3.0-or-later

import TestSupport
import Testing

@testable import Capture

/// What comes of the bytes that a station writes, whatever they are.
struct StationIntakeTests {
    private func notes(_ text: String) -> (notes: [StationNote], ignored: Int) {
        var intake = StationIntake(at: 0)
        intake.process(Array(text.utf8))
        return (intake.takeNotes(at: 0), intake.ignored)
    }

    @Test(arguments: [
        (#"{"title": "So What"}"#, [StationNote.title("So What")]),
        (#"{"title": ""}"#, [.title(nil)]),
        (#"{"title": null}"#, [.title(nil)]),
        (#"{"title": " So\n\u001b[31m\u202eWhat\u0000 "}"#, [.title("So [31mWhat")]),
        (#"{"state": "playing"}"#, [.state(.playing, detail: nil)]),
        (
            #"{"detail": "404 Not Found,\tnext try in 8 s", "state": "reconnecting", "more": [1]}"#,
            [.state(.reconnecting, detail: "404 Not Found, next try in 8 s")]
        ),
        (#"{"state": "connecting", "detail": null, "title": "a"}"#, [.state(.connecting, detail: nil), .title("a")]),
    ])
    func `a note says a title or a state, in clean text`(line: String, expected: [StationNote]) {
        let (found, ignored) = notes(line + "\n")
        #expect(found == expected && ignored == 0)
    }

    @Test(arguments: [
        "x", "{}", "[]", "null", "{\"title\": 5}", "{\"state\": \"asleep\"}", "{\"state\": 1}", "{\"detail\": \"x\"}",
        "{\"state\": \"playing\", \"detail\": 4}", "{\"title\": \"a\"", "{\"title\": \"a\u{0}\"}",
        String(repeating: "[", count: 4000), "{\"title\": \"" + String(repeating: "a", count: 4096) + "\"}",
    ])
    func `a line that is no note is ignored and counted, and the next one is read`(line: String) {
        let (found, ignored) = notes(line + "\n{\"title\": \"next\"}\n")
        #expect(found == [.title("next")] && ignored == 1)
    }

    @Test func `invalid UTF-8 is ignored and counted`() {
        var intake = StationIntake(at: 0)
        intake.process(Array("{\"title\": \"".utf8) + [0xFF, 0xC0] + Array("\"}\n{\"title\": \"a\"}\n".utf8))
        #expect(intake.takeNotes(at: 0) == [.title("a")] && intake.ignored == 1)
    }

    @Test func `of many lines at once the last ten count`() {
        let (found, ignored) = notes((0..<25).map { "{\"title\": \"\($0)\"}\n" }.joined())
        #expect(found == (15..<25).map { .title("\($0)") } && ignored == 15)
    }

    @Test func `no more than ten notes a second come out, and the last one always does`() {
        var intake = StationIntake(at: 0)
        var random = SplitMix(state: 3)
        var (all, last) = ([(time: Double, title: String)](), "")
        var time = 0.0
        for number in 0..<5_000 {
            time += Double.random(in: 0...0.02, using: &random)
            last = "\(number)"
            intake.process(Array("{\"title\": \"\(last)\"}\n".utf8))
            for case .title(.some(let title)) in intake.takeNotes(at: time) { all.append((time, title)) }
        }
        for case .title(.some(let title)) in intake.takeNotes(at: time + 1) { all.append((time + 1, title)) }
        #expect(all.last?.title == last)
        #expect(all.map { Int($0.title)! } == all.map { Int($0.title)! }.sorted())
        // Ten in stock, and ten a second.
        #expect(Double(all.count) <= 10 + 10 * (time + 1) && Double(all.count) > 5 * time)
        #expect(all.count + intake.ignored == 5_000)
    }

    @Test func `the notes are the same however the bytes are cut, and nothing makes the memory grow`() {
        var random = SplitMix(state: 7)
        let pieces: [[UInt8]] = [
            Array(#"{"title": "a"}"#.utf8), Array(#"{"state": "playing"}"#.utf8), [0x0A], [0x0A], [0x0A], [0], [0xFF],
            Array(#"{"state":"#.utf8), Array("[[[[".utf8), Array("\"\\u0000\"}".utf8),
            [UInt8](repeating: 0x61, count: 5000),
        ]
        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 0...12, using: &random)).flatMap { _ in
                pieces[Int.random(in: 0..<pieces.count, using: &random)]
            }
            var (whole, cut) = (StationIntake(at: 0), StationIntake(at: 0))
            whole.process(bytes)
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...min(rest.count, 700), using: &random)
                cut.process(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            whole.finish()
            cut.finish()
            #expect(whole.takeNotes(at: 0) == cut.takeNotes(at: 0))
            #expect(whole.ignored == cut.ignored)
        }
    }
}
