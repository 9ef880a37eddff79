// SPDX-License-Identifier: GPL-3.0-or-later

import TestSupport
import Testing

@testable import Capture

/// A reader that follows the clock, and a writer whose audio comes in pieces, in simulated time.
struct ArrivalClockTests {
    /// What happened to a reader that wants an update every 0.24 s.
    private struct Outcome {
        var reads = 0
        var updates = 0
        /// Seconds from the moment when an update's audio was there to the read that found it.
        var delays: [Double] = []
    }

    /// - Parameters:
    ///   - arrival: when the piece with the given number, each of `piece` seconds, is written.
    ///   - settled: the seconds after which reads count.
    private func follow(
        pieces: Int, of piece: Double, settled: Double, arrival: (Int) -> Double
    ) -> Outcome {
        var (clock, outcome) = (ArrivalClock(), Outcome())
        var (written, update) = (0, 1)
        var wanted: Double?
        var now = arrival(0)
        while written < pieces {
            while written < pieces, arrival(written) <= now { written += 1 }
            let heard = Double(written) * piece
            if now > settled { outcome.reads += 1 }
            while heard >= Double(update) * 0.24 {
                if now > settled {
                    outcome.updates += 1
                    outcome.delays.append(now - arrival(Int((Double(update) * 0.24 / piece - 1e-9).rounded(.down))))
                }
                update += 1
            }
            clock.note(now: now, heard: heard, wanted: wanted)
            wanted = nil
            if let due = clock.arrival(of: Double(update) * 0.24), due >= now + 0.01 {
                (now, wanted) = (due, Double(update) * 0.24)
            } else if written < pieces {
                now = max(now, arrival(written))
            }
        }
        return outcome
    }

    @Test(arguments: [0.005, 0.02, 0.0213, 0.04, 0.1])
    func `a feed in real time is read about once an update, and soon`(piece: Double) {
        var generator = SplitMix(state: 3)
        // Up to 2 ms late, each piece for itself.
        let jitter = (0..<6000).map { _ in Double(generator.uniform(0...0.002)) }
        let outcome = follow(pieces: Int(60 / piece), of: piece, settled: 10) {
            Double($0 + 1) * piece + jitter[$0 % 6000]
        }
        #expect(outcome.updates > 200)
        #expect(Double(outcome.reads) < 1.1 * Double(outcome.updates))
        let sorted = outcome.delays.sorted()
        #expect(sorted[sorted.count * 99 / 100] < 0.021)
    }

    @Test func `a clock that is wrong by a thousandth is followed`() {
        for speed in [0.999, 1.001] {
            let outcome = follow(pieces: 6000, of: 0.02, settled: 20) { Double($0 + 1) * 0.02 * speed }
            #expect(Double(outcome.reads) < 2.5 * Double(outcome.updates))
            #expect(outcome.delays.allSatisfy { $0 < 0.025 })
        }
    }

    @Test func `a feed that is faster than real time is not put off for long`() {
        // A hundred times as fast.
        let outcome = follow(pieces: 100_000, of: 0.02, settled: 0) { Double($0 + 1) * 0.02 / 100 }
        #expect(outcome.updates > 8000)
        #expect(outcome.delays.allSatisfy { $0 < 0.001 })
    }

    @Test func `after a pause it is followed as before`() {
        let outcome = follow(pieces: 4000, of: 0.02, settled: 45) { Double($0 + 1) * 0.02 + ($0 > 1500 ? 7 : 0) }
        #expect(outcome.updates > 100)
        #expect(Double(outcome.reads) < 1.6 * Double(outcome.updates))
    }

    @Test func `a stream that is counted anew is followed again`() {
        var clock = ArrivalClock()
        for read in 0..<100 { clock.note(now: Double(read) * 0.24, heard: Double(read) * 0.24, wanted: nil) }
        // The writer stopped in the middle of an update, and the stream began anew after its pause.
        clock.note(now: 24.1, heard: 23.8, wanted: 24)
        #expect(clock.arrival(of: 24.24) == nil)
        for read in 0..<40 { clock.note(now: 40 + Double(read) * 0.24, heard: Double(read) * 0.24, wanted: nil) }
        #expect(clock.arrival(of: 9.6).map { abs($0 - 49.6) < 0.02 } == true)
    }

    @Test func `bursts are read when they come`() {
        // Six seconds at once, as HLS brings them.
        let outcome = follow(pieces: 6000, of: 0.02, settled: 10) { Double($0 / 300) * 6 }
        #expect(outcome.delays.allSatisfy { $0 < 0.001 })
    }
}
