// SPDX-License-Identifier: GPL-3.0-or-later

import Dispatch

/// Runs tasks on a dispatch queue, one step after the other: a task that blocks holds up the others of its queue.
///
/// Until it stops, genred runs nothing on the pool of threads that tasks and global dispatch queues share. Once that pool has had
/// work, Dispatch wakes up every second to look at the pool's threads, and never stops. A task therefore names its queue, and
/// sleeps with an event loop's timer, because `Task.sleep` ends in the pool.
package final class TaskQueue: TaskExecutor {
    private let queue: DispatchQueue

    package init(label: String) { queue = DispatchQueue(label: label) }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Runs a task, and blocks the calling thread until it ends. Call it outside the queue.
    package func run<Value: Sendable>(_ task: @escaping @Sendable () async throws -> Value) throws -> Value {
        dispatchPrecondition(condition: .notOnQueue(queue))
        let result = Outcome<Value>()
        let ended = DispatchSemaphore(value: 0)
        Task(executorPreference: self) {
            do { result.value = .success(try await task()) } catch { result.value = .failure(error) }
            ended.signal()
        }
        ended.wait()
        return try result.value!.get()
    }

    private final class Outcome<Value: Sendable>: @unchecked Sendable {
        // Safe: the semaphore orders the write before the read.
        var value: Result<Value, any Error>?
    }
}
