// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Testing

@testable import genrectl

/// Tests of how `genrectl sources` shows what is known of a source.
struct SourcesTests {
    private static let now = Timestamp.now

    private func lines(_ change: (inout SourceStatus) -> Void) -> [String] {
        var source = SourceStatus(name: "jazz24", uri: "station:jazz24", kind: "station", state: .running)
        change(&source)
        // Without the header.
        return SourcesView.lines([source], now: Self.now).dropFirst().map(\.plainText)
    }

    @Test func `a station that plays says what, and one that does not says why, once`() {
        #expect(
            lines { $0.station = StationStatus(state: .playing, detail: "audio/mpeg, 128 kb/s") }.last
                == "jazz24: playing: audio/mpeg, 128 kb/s")
        let lost = lines {
            $0.station = StationStatus(state: .reconnecting, detail: "404 Not Found, next try in 8 s")
            $0.message = "reconnecting: 404 Not Found, next try in 8 s"
        }
        #expect(lost.count == 2 && lost.last == "jazz24: reconnecting: 404 Not Found, next try in 8 s")
        #expect(lines { $0.station = StationStatus(state: .playing) }.count == 1)
    }

    @Test func `notes that were ignored are counted`() {
        #expect(lines { $0.station = StationStatus(ignoredNotes: 1) }.last == "jazz24: 1 note of the station ignored")
        #expect(lines { $0.station = StationStatus(ignoredNotes: 2) }.last == "jazz24: 2 notes of the station ignored")
    }

    @Test func `the last error is shown with its age, unless the message is about it`() {
        let old = lines {
            $0.lastError = "the card is gone"
            $0.lastErrorTime = Self.now.adding(seconds: -90).description
        }
        #expect(old.last == "jazz24: 1 min 30 s ago: the card is gone")
        let present = lines {
            $0.state = .lost
            ($0.message, $0.lastError) = ("the card is gone", "the card is gone (snd_pcm_readi, error 19)")
        }
        #expect(present.count == 2 && present.last == "jazz24: the card is gone")
    }
}
