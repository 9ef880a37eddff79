// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol
import TestSupport
import Testing

@testable import genred

struct HubTests {
    @Test func `a change of label is logged once and kept, with how long the old label lasted`() async throws {
        let fixture = try await HubFixture()
        await fixture.open()
        await fixture.estimate(.starting, at: 0.24)
        await fixture.estimate(.genre, 0, at: 3.0, confidence: 0.714)
        await fixture.estimate(.genre, 0, at: 60, confidence: 0.9)
        await fixture.estimate(.genre, 1, at: 203, confidence: 0.6)
        await fixture.estimate(.unsure, at: 205, confidence: 0.4)
        await fixture.estimate(.silence, at: 210, confidence: 0)
        #expect(await fixture.changes() == ["starting>jazz", "jazz>rock", "rock>unsure", "unsure>silence"])
        #expect(
            fixture.log.lines == [
                "info radio: listening, hw:0, S16 48000 Hz 2 channels",
                "info radio: starting -> jazz (71 %), starting lasted 3 s",
                "info radio: jazz -> rock (60 %), jazz lasted 3 min 20 s",
                "info radio: rock -> unsure (40 %), rock lasted 2 s",
                "info radio: unsure -> silence, unsure lasted 5 s",
            ])
        let lasted = await fixture.history().changes.map(\.lasted)
        #expect(lasted == [3, 200, 2, 5])
        await fixture.stop()
    }

    @Test func `what is not music is called what the model calls it`() async throws {
        let fixture = try await HubFixture()
        await fixture.open()
        await fixture.replace(labels: ["jazz", "speech", "noise"])
        await fixture.estimate(.genre, 0, at: 3)
        await fixture.estimate(.noMusic, 1, at: 9)
        let talk = await fixture.hub.perform { $0.sources[0].estimate }
        #expect(talk.state == .noMusic && talk.genre == nil && talk.label == "speech")
        #expect(talk.alternatives == ["noise", "jazz", "speech"])
        await fixture.estimate(.noMusic, 2, at: 12)
        await fixture.estimate(.silence, at: 15, confidence: 0)
        #expect(await fixture.hub.perform { $0.sources[0].estimate.alternatives } == [])
        #expect(await fixture.changes() == ["starting>jazz", "jazz>speech", "speech>noise", "noise>silence"])
        await fixture.stop()
    }

    @Test func `other settings do not restart a source, and other labels come with the next estimate`() async throws {
        let fixture = try await HubFixture()
        await fixture.open()
        await fixture.estimate(.genre, 0, at: 30)
        await fixture.replace(labels: HubFixture.labels)
        let same = await fixture.hub.perform { $0.sources[0].estimate }
        #expect(same.state == .genre && same.genre == "jazz" && same.position == 30)
        #expect(same.probabilities == ["jazz": 0.25, "rock": 0.25, "blues": 0.5])
        await fixture.replace(labels: ["ska", "dub", "rock"])
        await fixture.estimate(.genre, 2, at: 30)
        let other = await fixture.hub.perform { $0.sources[0].estimate }
        #expect(other.genre == "rock" && other.position == 30)
        #expect(other.probabilities == ["ska": 0.25, "dub": 0.25, "rock": 0.5])
        #expect(await fixture.changes() == ["starting>jazz", "jazz>rock"])
        await fixture.stop()
    }

    @Test func `an estimate that says nothing new waits until somebody asks, or wants every one`() async throws {
        let fixture = try await HubFixture()
        let bell = try await fixture.hub.listen()
        await fixture.open()
        let ring = try #require(await fixture.hub.perform { $0.sources[0].estimates })
        func analyse(position: Double, isUrgent: Bool = false) async throws {
            ([0.25, 0.25, 0.5] as [Float]).withUnsafeBufferPointer {
                ring.append(
                    EstimateRing.Record(
                        position: position, state: .genre, label: 0, confidence: 0.8, level: -20, probabilities: $0,
                        windowProbabilities: $0))
            }
            fixture.hub.estimatesWait(slot: 0, isUrgent: isUrgent)
            try await Task.sleep(for: .milliseconds(50))
        }
        func known() async -> Double { await fixture.hub.perform { $0.sources[0].latest.position } }
        try await analyse(position: 3, isUrgent: true)
        #expect(await known() == 3)
        try await analyse(position: 3.24)
        #expect(await known() == 3)
        let client = try RawClient(fixture.path)
        let answer = try await client.ask("current")?.result?["estimates"] as? [[String: Any]]
        #expect(answer?.first?["position"] as? Double == 3.24)
        await client.send(line: #"{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"events":["estimate"]}}"#)
        _ = try await client.object()
        try await analyse(position: 3.48)
        #expect(try await client.object()?.params?["position"] as? Double == 3.48)
        try await bell.close()
        await fixture.stop()
    }

    @Test func `the status line lists a few sources, and counts the labels of many`() async throws {
        let few = try await HubFixture(sources: ["radio", "studio", "set"])
        #expect(await few.hub.statusLine() == "radio: starting, studio: starting, set: starting")
        for slot in 0..<3 { await few.open(slot: slot) }
        await few.estimate(.genre, 0, at: 9, confidence: 0.814)
        await few.estimate(.silence, at: 9, confidence: 0, slot: 1)
        await few.estimate(.genre, 1, at: 9, slot: 2)
        await few.close(.ended(nil), slot: 2)
        #expect(await few.hub.statusLine() == "radio: jazz (81 %), studio: silence, set: ended")
        await few.stop()
        let many = try await HubFixture(sources: (0..<7).map { "s\($0)" })
        for slot in 0..<4 {
            await many.open(slot: slot)
            await many.estimate(.genre, slot == 0 ? 0 : 1, at: 9, slot: slot)
        }
        #expect(await many.hub.statusLine() == "7 sources: 3 rock, 3 starting, 1 jazz")
        await many.stop()
    }

    @Test func `current returns the last estimate, with when its label began`() async throws {
        let fixture = try await HubFixture()
        await fixture.open()
        await fixture.estimate(.genre, 0, at: 3.0)
        let first = await fixture.hub.perform { $0.sources[0].estimate }
        #expect(first.genre == "jazz")
        #expect(first.state == .genre)
        #expect(first.probabilities == ["jazz": 0.25, "rock": 0.25, "blues": 0.5])
        #expect(first.windowProbabilities == first.probabilities)
        #expect(first.level == -20)
        try await Task.sleep(for: .milliseconds(20))
        await fixture.estimate(.genre, 0, at: 3.24)
        let second = await fixture.hub.perform { $0.sources[0].estimate }
        #expect(second.since == first.since)
        #expect(second.time > first.time)
        #expect(second.position == 3.24)
        await fixture.estimate(.starting, at: 3.48)
        let third = await fixture.hub.perform { $0.sources[0].estimate }
        #expect(third.genre == nil)
        #expect(third.windowProbabilities == nil)
        #expect(third.since > first.since)
        await fixture.stop()
    }

    @Test func `a lost device has no signal, and starts from scratch when it is back`() async throws {
        let fixture = try await HubFixture()
        await fixture.open()
        await fixture.estimate(.genre, 0, at: 30)
        await fixture.close(.lost(CaptureError(.disconnected, "the card is gone", call: "snd_pcm_readi", errno: 19)))
        let lost = await fixture.hub.perform { $0.sources[0].estimate }
        #expect(lost.state == .noSignal)
        #expect(lost.confidence == 0)
        #expect(lost.level == nil)
        let gone = await fixture.hub.perform { $0.sources[0].status }
        #expect(gone.state == .lost)
        #expect(gone.message == "the card is gone")
        try await Task.sleep(for: .milliseconds(100))
        await fixture.open()
        #expect(await fixture.hub.perform { $0.sources[0].estimate.state } == .starting)
        let status = await fixture.hub.perform { $0.sources[0].status }
        #expect(status.state == .running)
        #expect(status.reconnects == 1)
        #expect(status.message == nil)
        #expect(status.lastError == "the card is gone (snd_pcm_readi, error 19)")
        #expect(status.lastErrorTime == gone.lastErrorTime && gone.lastErrorTime != nil)
        await fixture.estimate(.genre, 1, at: 3)
        #expect(await fixture.changes() == ["starting>jazz", "jazz>no-signal", "no-signal>starting", "starting>rock"])
        let log = fixture.log.lines
        #expect(log[2] == "warning radio: lost: the card is gone (snd_pcm_readi, error 19); reopening")
        #expect(log[3] == "info radio: jazz -> no-signal, jazz lasted 0 s")
        #expect(
            log[4] == "notice radio: back after ".appending(log[4].components(separatedBy: " ")[4])
                + " s, hw:0, S16 48000 Hz 2 channels")
        await fixture.stop()
    }

    @Test func `a source that delivers nothing for a while has no signal until it delivers again`() async throws {
        let fixture = try await HubFixture(patience: 0.2)
        await fixture.open()
        await fixture.estimate(.genre, 0, at: 3)
        // As the analysis reports it, and the hub looks once more: a sample may have come meanwhile.
        func isQuiet(after label: String) async -> Bool {
            fixture.hub.sourceIsQuiet(slot: 0)
            return await fixture.changes().last == "\(label)>no-signal"
        }
        #expect(await eventually { await isQuiet(after: "jazz") })
        #expect(await fixture.hub.perform { $0.sources[0].status.state } == .running, "the device is still open")
        await fixture.estimate(.genre, 1, at: 6)
        #expect(await fixture.changes().contains("no-signal>rock"))
        #expect(await eventually { await isQuiet(after: "rock") }, "and again")
        await fixture.stop()
    }

    @Test func `the hub looks once more before it believes that a source is quiet`() async throws {
        let heard = try await HubFixture()
        await heard.open()
        await heard.estimate(.genre, 0, at: 3)
        heard.hub.sourceIsQuiet(slot: 0)
        heard.hub.sourceIsQuiet(slot: 1)
        await heard.estimate(.genre, 0, at: 6)
        #expect(
            await !heard.changes().contains { $0.hasSuffix("no-signal") },
            "a sample has come meanwhile, and there is no other source")
        await heard.stop()
        // Before its first sample a source has three times as long.
        let begin = monotonicSeconds()
        let fixture = try await HubFixture(patience: 0.5)
        await fixture.open()
        func state() async -> EstimateState {
            fixture.hub.sourceIsQuiet(slot: 0)
            return await fixture.hub.perform { $0.sources[0].estimate.state }
        }
        #expect(await eventually { await state() == .noSignal })
        #expect(monotonicSeconds() - begin >= 1.5)
        await fixture.stop()
    }

    @Test func `a FIFO that has never had a writer has no signal, and that is not a change`() async throws {
        let fixture = try await HubFixture()
        await fixture.close(.waiting("/run/f waits for a writer"))
        let status = await fixture.hub.perform { $0.sources[0].status }
        #expect(status.state == .waiting)
        #expect(status.message == "/run/f waits for a writer" && status.lastError == nil)
        #expect(await fixture.hub.perform { $0.sources[0].estimate.state } == .noSignal)
        #expect(await fixture.changes().isEmpty)
        #expect(fixture.log.lines == ["info radio: waiting: /run/f waits for a writer"])
        await fixture.open()
        await fixture.close(.waiting("/run/f waits for a writer"))
        #expect(await fixture.hub.perform { $0.sources[0].status.state } == .waiting)
        await fixture.stop()
    }

    @Test func `a finite source keeps its last estimate, and the end of the last one is reported`() async throws {
        let fixture = try await HubFixture(sources: ["a", "b"])
        await fixture.open(slot: 0)
        await fixture.estimate(.genre, 0, at: 3, slot: 0)
        await fixture.close(.ended(nil), slot: 0)
        #expect(await fixture.hub.perform { $0.sources[0].estimate.genre } == "jazz")
        #expect(await fixture.hub.perform { $0.sources[0].status.state } == .ended)
        let ended = Flag()
        let waiter = Task { [hub = fixture.hub] in
            for await _ in hub.allEnded { break }
            ended.raise()
        }
        try await Task.sleep(for: .milliseconds(20))
        #expect(!ended.isRaised)
        await fixture.close(.ended(CaptureError(.unreadable, "no audio")), slot: 1)
        await waiter.value
        #expect(await !fixture.hub.haveAllFailed, "one of them did not fail")
        #expect(fixture.log.lines.suffix(2) == ["info a: ended after 3 s", "error b: no audio"])
        await fixture.stop()
    }

    @Test func `the summary has the share of each label since the last summary`() async throws {
        let fixture = try await HubFixture()
        await fixture.open()
        await fixture.estimate(.genre, 0, at: 10)
        await fixture.estimate(.genre, 1, at: 70)
        await fixture.estimate(.genre, 1, at: 100)
        await fixture.hub.logSummary()
        // The line begins with the time since the last summary.
        func shares(_ line: String?) -> String? { line?.components(separatedBy: ": ").last }
        #expect(shares(fixture.log.lines.last) == "jazz 60 %, rock 30 %, starting 10 %")
        await fixture.estimate(.genre, 1, at: 200)
        await fixture.hub.logSummary()
        #expect(shares(fixture.log.lines.last) == "rock 100 %")
        await fixture.close(.ended(nil))
        let count = fixture.log.lines.count
        await fixture.hub.logSummary()
        #expect(Array(fixture.log.lines[count...]) == [], "a source that ended before the last summary has no line")
        await fixture.stop()
    }
}

struct HubHistoryTests {
    @Test func `the time of each label is that of its audio, the present label included`() async throws {
        let fixture = try await HubFixture(sources: ["radio", "tv"])
        for slot in 0...1 { await fixture.open(slot: slot) }
        await fixture.estimate(.genre, 0, at: 3)
        await fixture.estimate(.genre, 1, at: 63)
        await fixture.estimate(.genre, 1, at: 163)
        await fixture.estimate(.genre, 1, at: 10, slot: 1)
        await fixture.estimate(.genre, 1, at: 30, slot: 1)
        let totals = await fixture.history().totals
        #expect(totals?.first == LabelTime(label: "rock", seconds: 120))
        #expect(totals?.contains(LabelTime(label: "jazz", seconds: 60)) == true)
        #expect(await fixture.history(of: "tv").totals?.first == LabelTime(label: "rock", seconds: 20))
        await fixture.stop()
    }

    @Test func `the history gets a last entry for a removed source, and for every source at the end`()
        async throws
    {
        let fixture = try await HubFixture(sources: ["radio", "tv", "new"])
        for slot in 0...1 {
            await fixture.open(slot: slot)
            await fixture.estimate(.genre, 0, at: 3, slot: slot)
            await fixture.estimate(.genre, 0, at: 33, slot: slot)
        }
        await fixture.hub.remove(slot: 1)
        #expect(await fixture.changes(of: "tv") == ["starting>jazz", "jazz>stopped"], "although it was removed")
        await fixture.hub.endLabels()
        let last = await fixture.history(of: "radio").changes.last
        #expect(last?.to == Change.stopped)
        #expect(last?.lasted == 30)
        #expect(await fixture.changes(of: "new") == [], "it never opened")
        await fixture.stop()
    }
}
