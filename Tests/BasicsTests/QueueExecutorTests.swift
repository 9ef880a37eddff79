// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Dispatch
import Testing

struct QueueExecutorTests {
    private struct Failure: Error, Equatable {}

    /// An actor that runs on a queue.
    private actor Counter {
        private let executor: QueueExecutor
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
        private(set) var count = 0

        init(_ executor: QueueExecutor) { self.executor = executor }

        func increment() { count += 1 }
    }

    @Test func `a blocking run returns what its task returns or throws`() async throws {
        let executor = QueueExecutor(label: "test")
        // Blocking calls belong on a thread of their own.
        let (value, failure) = await withCheckedContinuation { done in
            DispatchQueue(label: "caller").async {
                let value = try? executor.run { 7 }
                let failure = #expect(throws: Failure.self) { try executor.run { throw Failure() } }
                done.resume(returning: (value, failure))
            }
        }
        #expect(value == 7)
        #expect(failure == Failure())
    }

    @Test func `an actor and scheduled work on its queue exclude each other`() async {
        let executor = QueueExecutor(label: "test")
        let counter = Counter(executor)
        await withTaskGroup { group in
            for index in 0..<200 {
                group.addTask { await counter.increment() }
                group.addTask {
                    await withCheckedContinuation { done in
                        executor.schedule(after: index % 20 == 0 ? 0.002 : 0) {
                            counter.assumeIsolated { $0.increment() }
                            done.resume()
                        }
                    }
                }
            }
        }
        #expect(await counter.count == 400)
    }

    @Test func `a task stays on its queue, and so do its children`() async {
        let executor = QueueExecutor(label: "test")
        let onQueue = await Task(executorPreference: executor) {
            func isOnQueue() async -> Bool {
                executor.checkIsolated()
                return true
            }
            async let child = isOnQueue()
            let own = await isOnQueue()
            return (own, await child)
        }.value
        #expect(onQueue == (true, true))
    }
}
