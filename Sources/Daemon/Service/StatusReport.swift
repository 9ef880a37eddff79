// SPDX-License-Identifier: GPL-3.0-or-later

import NIOCore
import Reporting
import ServiceLifecycle

/// Reports to the service manager what is heard: `systemctl status` shows it. It runs on the hub's event loop, so that a report
/// wakes one thread.
struct StatusReport: Service {
    let hub: Hub
    let notification: ServiceNotification

    /// The time between two reports: each costs the service manager and whoever watches it more than it costs genred.
    private static let interval = TimeAmount.seconds(3)

    func run() async throws {
        let last = NIOLoopBoundBox.makeBoxSendingValue("", eventLoop: hub.loop)
        let reporting = hub.loop.scheduleRepeatedTask(initialDelay: Self.interval, delay: Self.interval) {
            [hub, notification] _ in
            let status = hub.assumeIsolated { $0.statusLine() }
            if status != last.value { notification.status(status) }
            last.value = status
        }
        try? await gracefulShutdown()
        reporting.cancel()
    }
}
