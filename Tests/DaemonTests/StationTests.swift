// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import ControlProtocol
import TestSupport
import Testing

@testable import genred

/// What the hub makes of the notes of a station.
struct StationTests {
    private func fixture() async throws -> (HubFixture, ControlClient) {
        let fixture = try await HubFixture(sources: [])
        try await fixture.add("radio", slot: 0, uri: "station:jazz")
        try await fixture.add("studio", slot: 1)
        return (fixture, try ControlClient(path: fixture.path))
    }

    @Test func `what a station does is seen in sources, and is the reason while it does not play`() async throws {
        let (fixture, client) = try await fixture()
        func source() throws -> SourceStatus { try client.sources()[0] }
        await fixture.close(.waiting("no station yet"))
        #expect(try source().station == StationStatus())
        #expect(try source().message == "no station yet")
        #expect(try client.sources()[1].station == nil)
        await fixture.say(.state(.connecting, detail: nil))
        #expect(try source().message == "connecting")
        await fixture.open()
        await fixture.say(.state(.playing, detail: "MP3 128 kbit/s"))
        #expect(try source().message == nil)
        #expect(try source().state == .running)
        #expect(try source().station == StationStatus(state: .playing, detail: "MP3 128 kbit/s"))
        await fixture.say(.state(.reconnecting, detail: "404 Not Found, next try in 8 s"), ignored: 3)
        #expect(try source().message == "reconnecting: 404 Not Found, next try in 8 s")
        #expect(try source().station?.ignoredNotes == 3)
        await fixture.say(isGone: true, ignored: 3)
        #expect(try source().station == StationStatus(ignoredNotes: 3))
        #expect(try source().message == nil)
        await fixture.say(.state(.stopped, detail: nil), ignored: 3)
        await fixture.say(isGone: true, ignored: 3)
        #expect(try source().message == "stopped", "that remains true")
        await fixture.close(.lost(CaptureError(.cannotOpen, "not a FIFO but a file")))
        #expect(try source().message == "not a FIFO but a file")
        await fixture.stop()
    }

    @Test func `the title of a station is published, and dropped when it no longer plays`() async throws {
        let (fixture, client) = try await fixture()
        func title() throws -> String? { try client.current()[0].title }
        await fixture.open()
        for end in [
            StationNote.state(.reconnecting, detail: "gone"), .state(.stopped, detail: nil), .title(nil),
        ] {
            await fixture.say(.state(.playing, detail: nil), .title("So What"))
            #expect(try title() == "So What")
            await fixture.say(.state(.playing, detail: nil))
            #expect(try title() == "So What")
            await fixture.say(end)
            #expect(try title() == nil)
        }
        await fixture.say(.title("Blue in Green"))
        await fixture.estimate(.genre, 0, at: 3)
        #expect(await fixture.history(of: "radio").changes.last?.title == "Blue in Green")
        await fixture.say(isGone: true)
        #expect(try title() == nil)
        await fixture.stop()
    }

    @Test func `subscribers hear of the title and of the state`() async throws {
        let (fixture, client) = try await fixture()
        await fixture.open()
        await fixture.estimate(.genre, 0, at: 3)
        _ = try client.subscribe(source: "radio", events: [.estimate, .state])
        await fixture.say(.title("a"))
        guard case .estimate(let estimate) = try client.nextNotification(timeout: .seconds(5)) else {
            Issue.record("no estimate")
            return
        }
        #expect(estimate.title == "a")
        await fixture.say(.title("a"), .state(.playing, detail: nil))
        await fixture.say(.state(.reconnecting, detail: "x"))
        var messages: [String?] = []
        while messages.isEmpty, let notification = try client.nextNotification(timeout: .seconds(5)) {
            if case .state(let change) = notification { messages.append(change.message) }
        }
        #expect(messages == ["reconnecting: x"])
        await fixture.stop()
    }

    @Test func `the log has a line for what is news, and none for each attempt`() async throws {
        let (fixture, _) = try await fixture()
        await fixture.close(.waiting("no station yet"))
        await fixture.say(.state(.connecting, detail: nil))
        await fixture.open()
        await fixture.say(.state(.playing, detail: nil))
        // Few enough for the limit of lines, which counts those for debugging too.
        for attempt in 1...10 {
            await fixture.say(.state(.reconnecting, detail: "404 Not Found, next try in \(attempt) s"))
            await fixture.say(.state(.connecting, detail: nil))
            await fixture.close(.waiting("no audio"))
            await fixture.open()
        }
        await fixture.say(.state(.playing, detail: nil))
        await fixture.say(.state(.playing, detail: "again"))
        let failure = CaptureError(.cannotOpen, "a file")
        for _ in 0..<3 { await fixture.say(failure: failure) }
        await fixture.say(.state(.stopped, detail: "asked to"))
        let lines = fixture.log.lines.filter { $0.contains("radio: ") && !$0.contains("->") && !$0.hasPrefix("debug") }
        let texts = lines.map { line -> String in
            let text = line.split(separator: "radio: ", maxSplits: 1).last ?? ""
            return String(text.prefix { $0 != "," })
        }
        #expect(
            texts == [
                "waiting: no station yet", "listening", "the station plays",
                "the station is lost: 404 Not Found", "the station plays again",
                "its notes are not read: a file", "the station has stopped: asked to",
            ], "\(lines)")
        await fixture.stop()
    }

    @Test func `a station that was never reached is said once, with the reason`() async throws {
        let (fixture, _) = try await fixture()
        for _ in 0..<5 { await fixture.say(.state(.reconnecting, detail: "no such host")) }
        #expect(fixture.log.lines.count { $0.contains("no connection to the station: no such host") } == 1)
        await fixture.stop()
    }
}
