// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Dispatch
import Testing

struct QueueTests {
    private struct Failure: Error, Equatable {}

    /// An actor on a queue of its own.
    private actor Counter {
        let queue = ActorQueue(label: "counter")
        nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }
        private(set) var count = 0

        func increment() { count += 1 }
    }

    private static func now() async -> ContinuousClock.Instant { .now }

    @Test func `a blocking run returns what its task returns or throws`() async throws {
        let queue = TaskQueue(label: "tasks")
        // A test's own thread must not block.
        let (value, failure) = await withCheckedContinuation { done in
            DispatchQueue(label: "caller").async {
                let value = try? queue.run { 7 }
                let failure = #expect(throws: Failure.self) { try queue.run { throw Failure() } }
                done.resume(returning: (value, failure))
            }
        }
        #expect(value == 7)
        #expect(failure == Failure())
    }

    @Test func `a task that blocks holds up what else its queue runs, and no other queue`() async {
        let (queue, release) = (TaskQueue(label: "blocked"), DispatchSemaphore(value: 0))
        /// A wait that the compiler does not allow in a task, and that a task must not do elsewhere.
        func block() { release.wait() }
        let first = Task(executorPreference: queue) { block() }
        let parent = Task(executorPreference: TaskQueue(label: "parent")) {
            await withTaskExecutorPreference(queue) {
                async let child = Self.now()
                return await child
            }
        }
        let other = await Task(executorPreference: TaskQueue(label: "other")) { await Self.now() }.value
        release.signal()
        await first.value
        #expect(await parent.value > other)
    }

    @Test func `an actor and what is scheduled on its queue exclude each other`() async {
        let counter = Counter()
        let queue = counter.queue
        await withTaskGroup { group in
            for index in 0..<200 {
                group.addTask { await counter.increment() }
                group.addTask {
                    await withCheckedContinuation { done in
                        queue.schedule(after: index % 20 == 0 ? 0.002 : 0) {
                            counter.assumeIsolated { $0.increment() }
                            done.resume()
                        }
                    }
                }
            }
        }
        #expect(await counter.count == 400)
    }
}
