// SPDX-License-Identifier: GPL-3.0-or-later

import Dispatch

/// Runs an actor on a dispatch queue of its own, so that its waits for a disk block no thread of the task pool.
final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label, qos: .utility) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
