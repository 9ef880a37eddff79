// SPDX-License-Identifier: GPL-3.0-or-later

import Dispatch

/// Runs an actor on a dispatch queue of its own, so that its waits, for a disk for example, hold up nothing else.
package final class ActorQueue: SerialExecutor {
    private let queue: DispatchQueue

    package init(label: String, qos: DispatchQoS = .unspecified) { queue = DispatchQueue(label: label, qos: qos) }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    package func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }

    /// Calls `action` on the queue after some seconds, at once if there are none. The actor's `assumeIsolated` works there.
    package func schedule(after seconds: Double, _ action: @escaping @Sendable () -> Void) {
        if seconds <= 0 { return queue.async(execute: action) }
        queue.asyncAfter(deadline: .now() + seconds, execute: action)
    }
}
