// SPDX-License-Identifier: GPL-3.0-or-later

import Dispatch
import Foundation
import Synchronization

/// Threads that share the parts of a piece of work.
///
/// Any worker can get any part. For results that are the same bit for bit on any number of cores, a part's result must
/// depend only on its index, and results must be combined in the order of the indices.
package struct Workers: Sendable {
    package let count: Int

    /// - Parameter count: number of threads, at least 1; nil takes one for each core.
    package init(count: Int? = nil) {
        self.count = max(1, count ?? Self.cores)
    }

    /// The cores that this process may use.
    package static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

    /// Calls `body(part, worker)` for each part, with `worker` in 0..<count, and returns when all parts are done.
    package func forEach(_ parts: Int, _ body: (_ part: Int, _ worker: Int) -> Void) {
        let threads = min(count, parts)
        guard threads > 1 else {
            for part in 0..<parts { body(part, 0) }
            return
        }
        let next = Atomic<Int>(0)
        withoutActuallyEscaping(body) { body in
            // Safe: `concurrentPerform` returns when all are done, and callers write to separate memory for each part.
            nonisolated(unsafe) let body = body
            DispatchQueue.concurrentPerform(iterations: threads) { worker in
                while true {
                    let part = next.add(1, ordering: .relaxed).oldValue
                    if part >= parts { return }
                    body(part, worker)
                }
            }
        }
    }
}
