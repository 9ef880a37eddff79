// SPDX-License-Identifier: GPL-3.0-or-later

import Reporting
import ServiceLifecycle

/// Reports to the service manager what is heard: `systemctl status` shows it.
struct StatusReport: Service {
    let hub: Hub
    let notification: ServiceNotification

    /// The time between two checks, and the fewest checks between two reports: each report costs the service manager
    /// and whoever watches it more than it costs genred.
    private static let interval = Duration.seconds(1)
    private static let checksPerReport = 3

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var (last, checks) = ("", 0)
            while true {
                try await Task.sleep(for: Self.interval, tolerance: .milliseconds(200))
                checks += 1
                guard checks >= Self.checksPerReport else { continue }
                let status = await hub.statusLine
                guard status != last else { continue }
                notification.status(status)
                (last, checks) = (status, 0)
            }
        }
    }
}
