// SPDX-License-Identifier: GPL-3.0-or-later

import NIOCore
import Reporting
import ServiceLifecycle

/// Reports to the service manager what is heard: `systemctl status` shows it.
struct StatusReport: Service {
    let hub: Hub
    let notification: ServiceNotification

    /// The time between two reports: each costs the service manager and whoever watches it more than it costs genred.
    private static let interval = TimeAmount.seconds(3)

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var last = ""
            while true {
                try await hub.loop.sleep(for: Self.interval)
                let status = await hub.statusLine()
                if status != last { notification.status(status) }
                last = status
            }
        }
    }
}
