// SPDX-License-Identifier: GPL-3.0-or-later

import Dispatch
import Foundation
import Synchronization

/// The processor's cores put to the parts of a piece of work.
///
/// Which worker does a part is chance; whoever calls must make a part's result depend on its index alone and combine
/// results in the order of the indices, so that neither chance nor the number of cores changes a bit.
package struct Workers: Sendable {
    package let count: Int

    /// - Parameter count: threads at once, at least 1; nil takes one a core.
    package init(count: Int? = nil) {
        self.count = max(1, count ?? Self.cores)
    }

    /// The cores that this process may use.
    package static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

    /// Calls `body(part, worker)` for each part, `worker` in 0..<count; returns when all are done.
    package func forEach(_ parts: Int, _ body: (_ part: Int, _ worker: Int) -> Void) {
        let threads = min(count, parts)
        guard threads > 1 else {
            for part in 0..<parts { body(part, 0) }
            return
        }
        let next = Atomic<Int>(0)
        withoutActuallyEscaping(body) { body in
            // Safe: `concurrentPerform` returns when all are done, and the caller keeps the parts' writes apart.
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
