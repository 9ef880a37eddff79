// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import genred

@Suite struct StallWatchTests {
    private static let grid = 0.1

    private final class Counter: Sendable {
        let count = Atomic<Int>(0)
    }

    private func watch(_ counter: Counter) -> StallWatch {
        StallWatch(grid: Self.grid, on: MultiThreadedEventLoopGroup.singleton.next()) {
            counter.count.add(1, ordering: .relaxed)
        }
    }

    @Test func `the checks of many sources share a wake-up`() async throws {
        let counter = Counter()
        var watch = watch(counter)
        // Begins just after a place of the grid.
        while monotonicSeconds().truncatingRemainder(dividingBy: Self.grid) > Self.grid / 4 { usleep(1000) }
        let start = monotonicSeconds()
        for slot in 0..<50 { watch.watch(slot, in: Double(slot) * Self.grid / 100) }
        #expect(await eventually { counter.count.load(ordering: .relaxed) == 1 })
        let taken = watch.take()
        #expect(taken.map(\.slot) == Array(0..<50))
        #expect(taken.allSatisfy { $0.lateness >= 0 && $0.lateness <= monotonicSeconds() - start })
        #expect(watch.take().isEmpty)
    }

    @Test func `no check comes before its time, and none is forgotten`() async throws {
        let counter = Counter()
        var watch = watch(counter)
        var (asked, taken) = ([Int: Double](), [Int: Double]())
        // The later ones first, so that the timer has to move.
        for slot in (0..<20).reversed() {
            asked[slot] = monotonicSeconds() + Double(slot) * 0.03
            watch.watch(slot, in: Double(slot) * 0.03)
        }
        for slot in stride(from: 0, to: 20, by: 3) { watch.forget(slot) }
        let deadline = monotonicSeconds() + 20
        var seen = 0
        while taken.count < 13, monotonicSeconds() < deadline {
            guard await eventually({ counter.count.load(ordering: .relaxed) > seen }) else { break }
            seen = counter.count.load(ordering: .relaxed)
            for (slot, _) in watch.take() { taken[slot] = monotonicSeconds() }
        }
        #expect(Set(taken.keys) == Set((0..<20).filter { $0 % 3 != 0 }))
        for (slot, moment) in taken { #expect(try moment >= #require(asked[slot])) }
        // At most one wake-up for each place of the grid.
        #expect(seen <= 8)
    }
}
