// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import genred

@Suite struct StallWatchTests {
    private final class Counter: Sendable {
        private let count = Atomic<Int>(0)

        var value: Int { count.load(ordering: .relaxed) }
        func add() { count.add(1, ordering: .relaxed) }
    }

    private func watch(_ counter: Counter, grid: Double) -> StallWatch {
        StallWatch(grid: grid, on: MultiThreadedEventLoopGroup.singleton.next()) { counter.add() }
    }

    @Test func `the checks of many sources share a wake-up`() async throws {
        let counter = Counter()
        var watch = watch(counter, grid: 1)
        // Begins in the first part of a second, and ends long before the next.
        while monotonicSeconds().truncatingRemainder(dividingBy: 1) > 0.1 {
            try await Task.sleep(for: .milliseconds(5))
        }
        let next = monotonicSeconds().rounded(.up)
        for slot in 0..<50 { watch.watch(slot, in: Double(slot) / 100) }
        #expect(await eventually { counter.value == 1 })
        let before = monotonicSeconds()
        let taken = watch.take()
        let after = monotonicSeconds()
        #expect(taken.map(\.slot) == Array(0..<50))
        for (_, lateness) in taken { #expect((before...after).contains(next + lateness), "due on the grid") }
        #expect(watch.take().isEmpty)
        try await Task.sleep(for: .seconds(1.2))
        #expect(counter.value == 1, "no timer without a check")
    }

    @Test func `no check comes before its time, and none is forgotten`() async throws {
        let counter = Counter()
        var watch = watch(counter, grid: 0.1)
        var (asked, taken) = ([Int: Double](), [Int: Double]())
        // The later ones first, so that the timer has to move.
        for slot in (0..<20).reversed() {
            asked[slot] = monotonicSeconds() + Double(slot) * 0.03
            watch.watch(slot, in: Double(slot) * 0.03)
        }
        for slot in stride(from: 0, to: 20, by: 3) { watch.forget(slot) }
        var seen = 0
        while taken.count < 13 {
            guard await eventually({ counter.value > seen }) else { break }
            seen = counter.value
            for (slot, _) in watch.take() { taken[slot] = monotonicSeconds() }
        }
        #expect(Set(taken.keys) == Set((0..<20).filter { $0 % 3 != 0 }))
        for (slot, moment) in taken { #expect(try moment >= #require(asked[slot])) }
        // At most one wake-up for each grid point, of which there are seven.
        #expect(seen <= 8)
    }
}
