// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import ControlProtocol
import TestSupport
import Testing

@testable import genred

/// Tests of what clients say is playing, of the counters, and of the last change.
struct TitleTests {
    private func client(_ fixture: HubFixture) throws -> ControlClient { try ControlClient(path: fixture.path) }

    @Test func `a title is published at once, cleaned, and stands in the changes from then on`() async throws {
        let fixture = try await HubFixture(sources: ["radio", "studio"])
        let (subscriber, other) = (try client(fixture), try client(fixture))
        await fixture.open()
        await fixture.open(slot: 1)
        await fixture.estimate(.genre, 0, at: 3)
        _ = try subscriber.subscribe(source: "radio", events: [.estimate, .change])
        #expect(try other.annotate(source: "radio", title: " So\n\u{202E}What ") == "So What")
        guard case .estimate(let estimate) = try subscriber.nextNotification(timeout: .seconds(5)) else {
            Issue.record("no estimate")
            return
        }
        #expect(estimate.title == "So What" && estimate.label == "jazz" && estimate.position == 3)
        await fixture.estimate(.genre, 1, at: 6)
        guard case .change(let change) = try subscriber.nextNotification(timeout: .seconds(5)) else {
            Issue.record("no change")
            return
        }
        #expect(change.title == "So What" && change.to == "rock")
        #expect(try other.current().map(\.title) == ["So What", nil], "no title of another source")
        #expect(try other.sources().map(\.title) == ["So What", nil])
        #expect(try other.annotate(source: "radio", title: "\u{200B} ") == nil)
        await fixture.estimate(.genre, 2, at: 9)
        #expect(await fixture.history(of: "radio").changes.map(\.title) == [nil, "So What", nil])
        #expect(throws: ControlError.self) { try other.annotate(source: "attic", title: "x") }
        await fixture.stop()
    }

    @Test func `a title ends with its stream; one that comes between streams is the next one's`() async throws {
        let fixture = try await HubFixture()
        let client = try client(fixture)
        func title() throws -> String? { try client.current()[0].title }
        #expect(try client.annotate(source: "radio", title: "early") == "early")
        await fixture.open()
        #expect(try title() == "early")
        await fixture.estimate(.genre, 0, at: 3)
        await fixture.close(.waiting("no writer"))
        #expect(try title() == nil)
        await fixture.open()
        #expect(try title() == nil, "the next writer has nothing to do with it")
        _ = try client.annotate(source: "radio", title: "one")
        await fixture.close(.waiting("no writer"))
        _ = try client.annotate(source: "radio", title: "two")
        await fixture.open()
        #expect(try title() == "two")
        await fixture.close(.ended(nil))
        #expect(try title() == nil)
        await fixture.stop()
    }

    @Test func `subscribers hear the last change of a source that is removed, and of all when the daemon stops`()
        async throws
    {
        let fixture = try await HubFixture(sources: ["radio", "studio", "attic"])
        let client = try client(fixture)
        _ = try client.subscribe(events: [.change])
        for slot in 0..<2 {
            await fixture.open(slot: slot)
            await fixture.estimate(.genre, 0, at: 3, slot: slot)
        }
        await fixture.hub.remove(slot: 0)
        await fixture.stop()
        // As the daemon does at its end: nothing comes twice.
        await fixture.hub.endLabels()
        var changes: [Change] = []
        do {
            while case .change(let change)? = try client.nextNotification(timeout: .seconds(5)) {
                changes.append(change)
            }
        } catch { #expect(error.code == .closed) }
        #expect(
            changes.map { "\($0.source) \($0.to)" } == ["radio jazz", "studio jazz", "radio stopped", "studio stopped"])
        #expect(changes.map(\.seq) == [1, 2, 3, 4])
        #expect(await fixture.history().changes == changes)
    }

    @Test func `the counters of a source never shrink, and agree with the history`() async throws {
        let fixture = try await HubFixture()
        let client = try client(fixture)
        var last = try client.sources()[0]
        var random = SplitMix(state: 9)
        for _ in 0..<20 {
            await fixture.open()
            var position = 0.0
            for _ in 0..<Int.random(in: 0...20, using: &random) {
                position += Double.random(in: 0.1...9, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: await fixture.estimate(.silence, at: position, confidence: 0)
                case 1: await fixture.estimate(.unsure, at: position)
                default: await fixture.estimate(.genre, Int.random(in: 0...2, using: &random), at: position)
                }
            }
            await fixture.close(.waiting("no writer"))
            let now = try client.sources()[0]
            #expect(now.audioSeconds >= last.audioSeconds && now.changes >= last.changes)
            for (label, seconds) in last.labelSeconds { #expect(now.labelSeconds[label, default: 0] >= seconds) }
            #expect(abs(now.audioSeconds - last.audioSeconds - position) < 0.01)
            last = now
        }
        let history = await fixture.history()
        #expect(last.changes == history.changes.count && last.changes > 20)
        for total in history.totals ?? [] where total.label != "no-signal" {
            #expect(abs(total.seconds - last.labelSeconds[total.label, default: 0]) < 0.1, "\(total)")
        }
        await fixture.stop()
    }
}
