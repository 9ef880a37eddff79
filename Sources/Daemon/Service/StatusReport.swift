// SPDX-License-Identifier: GPL-3.0-or-later

import ServiceLifecycle

/// Tells the service manager what is heard: `systemctl status` shows it.
struct StatusReport: Service {
    let hub: Hub
    let notification: ServiceNotification

    /// How often is looked, and after how many looks it may be told again: each report costs the service manager and
    /// those who watch it more than it does us.
    private static let interval = Duration.seconds(1)
    private static let looksPerReport = 3

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var (last, looks) = ("", 0)
            while true {
                try await Task.sleep(for: Self.interval, tolerance: .milliseconds(200))
                looks += 1
                guard looks >= Self.looksPerReport else { continue }
                let status = await hub.statusLine
                guard status != last else { continue }
                notification.status(status)
                (last, looks) = (status, 0)
            }
        }
    }
}
