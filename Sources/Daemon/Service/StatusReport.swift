// SPDX-License-Identifier: GPL-3.0-or-later

import Reporting
import ServiceLifecycle

/// Reports to the service manager what is heard: `systemctl status` shows it.
struct StatusReport: Service {
    let hub: Hub
    let notification: ServiceNotification

    /// The time between two reports: each costs the service manager and whoever watches it more than it costs genred.
    private static let interval = Duration.seconds(3)

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var last = ""
            while true {
                try await Task.sleep(for: Self.interval, tolerance: .milliseconds(500))
                let status = await hub.statusLine()
                if status != last { notification.status(status) }
                last = status
            }
        }
    }
}
