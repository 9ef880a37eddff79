// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import NIOCore

extension QueueExecutor {
    /// Runs the daemon's services, and the tasks of clients and reloads. None of them blocks it for long.
    static let services = QueueExecutor(label: "services")
}

extension EventLoop {
    /// Returns after some time.
    ///
    /// - Throws: `CancellationError` at once, if the task is cancelled.
    func sleep(for time: TimeAmount) async throws {
        let timer = scheduleTask(in: time) {}
        try await withTaskCancellationHandler {
            do { try await timer.futureResult.get() } catch { throw CancellationError() }
        } onCancel: {
            timer.cancel()
        }
    }
}
