// SPDX-License-Identifier: GPL-3.0-or-later

import Dispatch

/// Runs tasks, or an actor, on a dispatch queue of its own.
///
/// genred runs everything that is not analysis on such queues or on an event loop, and nothing on the pool of threads that
/// tasks and global dispatch queues share. Once that pool has had work, Dispatch wakes up every second until the process ends,
/// to look at the pool's threads. A task therefore names its executor, and sleeps with an event loop's timer: `Task.sleep` ends
/// in the pool.
package final class QueueExecutor: TaskExecutor, SerialExecutor {
    /// One after the other, as Dispatch runs them on a queue: a wait blocks the others of this executor.
    private let queue: DispatchQueue

    package init(label: String, qos: DispatchQoS = .unspecified) { queue = DispatchQueue(label: label, qos: qos) }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            job.runSynchronously(isolatedTo: self.asUnownedSerialExecutor(), taskExecutor: self.asUnownedTaskExecutor())
        }
    }

    package func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }

    /// Calls `action` on the queue after some seconds.
    package func schedule(after seconds: Double, _ action: @escaping @Sendable () -> Void) {
        if seconds <= 0 { return queue.async(execute: action) }
        queue.asyncAfter(deadline: .now() + seconds, execute: action)
    }

    /// Runs a task on the queue, and blocks the calling thread until it ends.
    package func run<Value: Sendable>(_ task: @escaping @Sendable () async throws -> Value) throws -> Value {
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
