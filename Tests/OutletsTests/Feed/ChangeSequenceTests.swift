// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import TestSupport
import Testing

@testable import genred_outlet

struct ChangeSequenceTests {
    private func change(_ seq: Int) -> Change {
        Change(
            source: "radio", time: "2026-01-01T00:00:00.000Z", position: Double(seq), from: "a", to: "b",
            confidence: 0.5,
            lasted: 1, seq: seq)
    }

    private func seq(_ event: FeedEvent?) -> (seq: Int, replayed: Bool)? {
        if case .change(let change, let replayed)? = event { return (change.seq, replayed) }
        return nil
    }

    /// A page of a history, as the daemon gives it.
    private func page(_ history: [Int], after: Int) -> HistoryResult {
        let later = history.filter { $0 > after }
        return HistoryResult(changes: later.prefix(500).map(change), more: later.count > 500)
    }

    @Test func `a daemon that was never heard begins now, and a new one begins with its first change`() {
        var fresh = ChangeSequence(after: nil)
        fresh.connected(to: "one", newest: 7)
        #expect(fresh.position == FeedPosition(instance: "one", seq: 7))
        fresh.connected(to: "two", newest: 3)
        #expect(fresh.position == FeedPosition(instance: "two", seq: 0))
    }

    @Test func `what just happened is live, also where numbers are missing`() {
        var sequence = ChangeSequence(after: FeedPosition(instance: "i", seq: 4))
        sequence.connected(to: "i", newest: 4)
        #expect(seq(sequence.next { page([], after: $0) }) == nil)
        // A daemon that was killed has left out 5 to 9.
        sequence.arrived(change(10))
        let next = seq(sequence.next { page([10], after: $0) })
        #expect(next?.seq == 10 && next?.replayed == false)
        #expect(seq(sequence.next { page([10], after: $0) }) == nil)
    }

    @Test func `live changes wait behind those of the history`() {
        var sequence = ChangeSequence(after: FeedPosition(instance: "i", seq: 0))
        sequence.connected(to: "i", newest: 3)
        sequence.arrived(change(4))
        sequence.arrived(change(4))
        var all: [(seq: Int, replayed: Bool)] = []
        while let next = seq(sequence.next({ page([1, 2, 3, 4], after: $0) })) { all.append(next) }
        #expect(all.map(\.seq) == [1, 2, 3, 4])
        #expect(all.map(\.replayed) == [true, true, true, false])
    }

    @Test func `a daemon that ignores the position makes nothing come twice`() {
        var sequence = ChangeSequence(after: FeedPosition(instance: "i", seq: 2))
        sequence.connected(to: "i", newest: 3)
        var all: [Int] = []
        while let next = seq(sequence.next({ _ in HistoryResult(changes: (1...3).map(change), more: true) })) {
            all.append(next.seq)
            if all.count > 5 { break }
        }
        #expect(all == [3])
    }

    @Test(arguments: 0..<20)
    func `every change comes once and in order, whatever pauses, restarts and holes there are`(seed: UInt64) {
        var random = SplitMix(state: seed)
        var sequence = ChangeSequence(after: nil)
        sequence.connected(to: "i", newest: 0)
        var (history, got, last) = ([Int](), [Int](), 0)
        for _ in 0..<5000 {
            switch Int.random(in: 0..<20, using: &random) {
            case 0: sequence.connected(to: "i", newest: history.last ?? 0)
            // Missed by the subscription: the daemon was not connected to.
            case 1:
                for _ in 0..<Int.random(in: 0..<900, using: &random) {
                    last += 1
                    history.append(last)
                }
                sequence.connected(to: "i", newest: last)
            // A hole.
            case 2: last += Int.random(in: 0..<50, using: &random)
            case 3..<12:
                for _ in 0..<Int.random(in: 0..<30, using: &random) {
                    last += 1
                    history.append(last)
                    sequence.arrived(change(last))
                }
            default:
                for _ in 0..<Int.random(in: 0..<60, using: &random) {
                    guard let next = seq(sequence.next({ page(history, after: $0) })) else { break }
                    got.append(next.seq)
                }
            }
        }
        while let next = seq(sequence.next({ page(history, after: $0) })) { got.append(next.seq) }
        #expect(got == history)
    }
}
