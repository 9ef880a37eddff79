// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

@testable import genred_outlet

/// The feed against the real daemon.
@Suite(.timeLimit(.minutes(4))) struct DaemonFeedTests {
    @Test func `every change comes once and in order, over kills, restarts and pauses`() async throws {
        let daemon = try await FedDaemon(["radio", "kitchen"])
        let instance = try await daemon.client().describe().instance
        let feed = DaemonFeed(path: daemon.socket, after: FeedPosition(instance: instance, seq: 0))
        var random = SplitMix(state: 5)
        var changes: [Change] = []
        func take(for seconds: Double) {
            let end = ContinuousClock.now + .seconds(seconds)
            repeat {
                guard let event = feed.next(timeout: .milliseconds(20)) else { continue }
                if case .change(let change, _) = event { changes.append(change) }
            } while ContinuousClock.now < end
        }
        for round in 0..<6 {
            feed.wantsChanges = Bool.random(using: &random)
            let feeder = daemon.feeder
            let source = round % 2 == 0 ? "radio" : "kitchen"
            async let made: Void = feeder.alternate(seconds: 0.2, times: 80, on: source)
            take(for: Double.random(in: 0..<0.5, using: &random))
            feed.wantsChanges = true
            take(for: 0.3)
            await made
            switch round % 3 {
            case 0: daemon.kill()
            case 1: await daemon.stop()
            default: continue
            }
            take(for: 0.2)
            try await daemon.start()
        }
        let history = try await daemon.history()
        #expect(history.count > 400)
        let isAllThere = blockUntil(within: 60) {
            take(for: 0.2)
            return changes.last?.seq ?? 0 >= history.last?.seq ?? 0
        }
        #expect(isAllThere, "\(changes.count) of \(history.count)")
        let seqs = changes.map(\.seq)
        #expect(zip(seqs, seqs.dropFirst()).allSatisfy { $0 < $1 }, "a change came twice, or out of order")
        #expect(Set(history.map(\.seq)).subtracting(seqs).isEmpty, "a change is missing")
    }

    @Test func `a source that a reload adds or removes is noticed`() async throws {
        let daemon = try await FedDaemon()
        let feed = DaemonFeed(path: daemon.socket)
        func sources(_ count: Int) -> Bool {
            blockUntil(within: 30) {
                switch feed.next(timeout: .milliseconds(100)) {
                case .connected(let new), .reloaded(let new): new.estimates.count == count
                default: false
                }
            }
        }
        #expect(sources(1))
        try await daemon.reload(["radio", "kitchen"])
        #expect(sources(2))
        try await daemon.reload(["kitchen"])
        #expect(sources(1))
    }

    @Test func `what listens and does not speak the protocol is an error, and costs nothing`() async throws {
        let folder = try TemporaryFolder()
        let feed = DaemonFeed(path: folder.file("none.sock"))
        var errors = 0
        let start = ContinuousClock.now
        while ContinuousClock.now < start + .seconds(2.5) {
            if case .disconnected? = feed.next(timeout: .milliseconds(100)) { errors += 1 }
        }
        #expect((2...4).contains(errors), "\(errors) attempts in 2.5 s")
        #expect(feed.next() == nil && feed.descriptor == nil)
    }
}
