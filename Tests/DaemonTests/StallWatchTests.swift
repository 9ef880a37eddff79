// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import TestSupport
import Testing

@testable import genred

@Suite struct StallWatchTests {
    private let listener = Listener()
    private var quiet: [Int] { listener.state.withLock { $0.quiet } }

    /// Time that a test makes: a health's deliveries are placed into the future of the real clock.
    private struct Time {
        let begin = monotonicSeconds()
        /// Seconds since `begin`.
        var elapsed = 0.0
        var now: Double { begin + elapsed }

        /// Has a source deliver audio up to the present moment.
        func deliver(_ health: SourceHealth) {
            let seconds = health.secondsSinceDelivery(now: now)
            if seconds > 0 { health.noteDelivery(lasting: Int64(seconds * 1e9)) }
        }

        /// Calls `check` as a worker does that sleeps until it must, but at most for `nap`. Returns the number of calls.
        mutating func pass(
            _ seconds: Double, _ watch: inout StallWatch, nap: Double = .infinity, _ awake: (Time) -> Void = { _ in }
        ) -> Int {
            let end = elapsed + seconds
            var calls = 0
            while true {
                awake(self)
                let rest = watch.check(now: now)
                calls += 1
                let step = min(rest, nap)
                if elapsed + step > end { break }
                elapsed += step
            }
            elapsed = end
            return calls
        }
    }

    @Test func `a quiet source is told of after a second, once more after three, and again when it was heard`() {
        var (watch, time) = (StallWatch(listener: listener), Time())
        let health = SourceHealth()
        time.elapsed = 10
        time.deliver(health)
        watch.watch(7, health, now: time.now)
        var calls = time.pass(0.9, &watch)
        #expect(quiet.isEmpty)
        calls += time.pass(0.2, &watch)
        #expect(quiet == [7])
        calls += time.pass(1.8, &watch)
        #expect(quiet == [7])
        calls += time.pass(0.2, &watch)
        #expect(quiet == [7, 7])
        calls += time.pass(3600, &watch)
        #expect(quiet == [7, 7] && calls < 12, "nothing wakes the worker in between")
        time.deliver(health)
        _ = time.pass(0.9, &watch)
        #expect(quiet.count == 2)
        _ = time.pass(0.5, &watch)
        #expect(quiet.count == 3)
        watch.forget(7)
        time.deliver(health)
        _ = time.pass(10, &watch)
        #expect(quiet.count == 3)
    }

    @Test func `a source that is quiet again soon after it was heard is told of again`() {
        for pause in stride(from: 0.01, to: 0.6, by: 0.07) {
            var (watch, time) = (StallWatch(listener: listener), Time())
            let health = SourceHealth()
            watch.watch(3, health, now: time.now)
            let before = quiet.count
            _ = time.pass(5, &watch)
            #expect(quiet.count == before + 2)
            // One wake-up for another source, then a last piece of audio.
            _ = watch.check(now: time.now)
            time.elapsed += pause
            time.deliver(health)
            _ = time.pass(2, &watch)
            #expect(quiet.count == before + 3, "\(pause) s after a check")
        }
    }

    @Test func `sources that deliver need no call of their own`() {
        var (watch, time) = (StallWatch(listener: listener), Time())
        let healths = (0..<50).map { _ in SourceHealth() }
        for (slot, health) in healths.enumerated() { watch.watch(slot, health, now: time.now) }
        for _ in 0..<100 {
            time.elapsed += 0.24
            for health in healths { time.deliver(health) }
            #expect(watch.check(now: time.now) > 0.24, "the next audio comes before")
        }
        #expect(quiet.isEmpty)
        // The others deliver, and one no longer does.
        _ = time.pass(4, &watch, nap: 0.24) { time in for health in healths.dropFirst() { time.deliver(health) } }
        #expect(quiet == [0, 0])
        for _ in 0..<100 {
            time.elapsed += 0.24
            for health in healths.dropFirst() { time.deliver(health) }
            // Twice: a thread that has worked looks once more before it sleeps.
            for _ in 0..<2 {
                time.elapsed += 0.001
                #expect(watch.check(now: time.now) > 0.24, "nor beside one that is quiet")
            }
        }
        #expect(quiet == [0, 0])
    }

    @Test(arguments: [false, true])
    func `a process that was held up is not taken for a stall`(hasQuietSource: Bool) {
        var (watch, time) = (StallWatch(listener: listener), Time())
        time.elapsed = 5
        let health = SourceHealth()
        time.deliver(health)
        watch.watch(1, health, now: time.now)
        if hasQuietSource { watch.watch(0, SourceHealth(), now: time.now) }
        _ = time.pass(0.9, &watch)
        let before = quiet
        time.elapsed += 10
        // The thread is awake for others, too.
        for _ in 0..<9 {
            #expect(watch.check(now: time.now) <= StallWatch.patience)
            time.elapsed += 0.1
        }
        #expect(quiet == before, "what came meanwhile is on its way")
        _ = time.pass(0.5, &watch)
        #expect(quiet == before + [1])
    }

    @Test func `a worker tells of a device that delivers no more, and not of one that does`() async throws {
        let pool = AnalysisPool(listener: listener, mostWorkers: 1)
        func add() throws -> AnalysisPool.Place<RingInput> {
            let place = try #require(try pool.addRing(isRealTime: true, settings: AnalysisSettings.usual()))
            place.input.handle(.opened(.mono()))
            return place
        }
        let places = [try add(), try add()]
        places[1].input.health.noteDelivery(lasting: 3_600_000_000_000)
        #expect(await eventually { quiet.contains(places[0].slot) })
        // The next source in the same slot is another one.
        pool.remove(slot: places[0].slot)
        #expect(await eventually { (try? add())?.slot == places[0].slot })
        #expect(await eventually { quiet.count { $0 == places[0].slot } >= 2 })
        #expect(!quiet.contains(places[1].slot))
        pool.stop()
    }
}
