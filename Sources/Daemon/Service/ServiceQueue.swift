// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import NIOCore

extension TaskQueue {
    /// The daemon's services, and the tasks of clients and reloads. What may wait for a disk or a device runs on a queue of its
    /// own.
    static let services = TaskQueue(label: "services")
}

extension EventLoop {
    /// Returns after some time.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    func sleep(for time: TimeAmount) async throws {
        let timer = scheduleTask(in: time) {}
        try await withTaskCancellationHandler {
            do { try await timer.futureResult.get() } catch { throw CancellationError() }
        } onCancel: {
            timer.cancel()
        }
    }
}
