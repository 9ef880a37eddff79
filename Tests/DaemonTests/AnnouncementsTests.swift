// SPDX-License-Identifier: GPL-3.0-or-later

import Synchronization
import TestSupport
import Testing

@testable import genred

@Suite struct AnnouncementsTests {
    private final class Heard: AnalysisListener {
        let slots = Mutex<[Int]>([])

        func estimatesWait(slot: Int, isUrgent: Bool) { slots.withLock { $0.append(isUrgent ? slot : -slot) } }
        func post(_ event: TrackEvent, slot: Int) {}
        func sourceIsQuiet(slot: Int) {}

        var all: [Int] { slots.withLock { $0 } }
    }

    @Test func `announcements wait for each other, and are delivered once and in order`() {
        let heard = Heard()
        let announcements = Announcements(listener: heard)
        announcements.deliver()
        #expect(heard.all.isEmpty)
        // If the machine pauses between two, the first are delivered alone, and still in order.
        for slot in 1...5 { announcements.add(slot: slot, isUrgent: slot.isMultiple(of: 2)) }
        announcements.deliver()
        announcements.deliver()
        #expect(heard.all == [-1, 2, -3, 4, -5])
    }

    @Test func `they wait for no more than a millisecond of other work, and are never many`() async throws {
        let heard = Heard()
        let announcements = Announcements(listener: heard)
        announcements.add(slot: 1, isUrgent: true)
        #expect(heard.all.isEmpty, "the first waits for others")
        try await Task.sleep(for: .milliseconds(2))
        announcements.add(slot: 2, isUrgent: true)
        #expect(heard.all == [1, 2])
        for slot in 3...200 { announcements.add(slot: slot, isUrgent: true) }
        #expect(heard.all.count >= 2 + 3 * 64)
    }

    @Test func `a worker that has nothing more to do has announced everything`() async throws {
        let heard = Heard()
        let worker = try AnalysisWorker(index: 0, slots: 64, listener: heard) { _ in }
        defer { worker.stop() }
        worker.add(Track(worker), slot: 7)
        #expect(await eventually { heard.all == [7] })
    }

    /// Announces one estimate in its only turn.
    private final class Track: AnalysisTrack {
        let health = SourceHealth()
        private let announcements: Announcements
        private var isOver = false

        init(_ worker: AnalysisWorker) { announcements = worker.announcements }

        func turn() -> Bool {
            if !isOver { announcements.add(slot: 7, isUrgent: true) }
            isOver = true
            return false
        }
    }
}
