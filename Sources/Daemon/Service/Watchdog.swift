// SPDX-License-Identifier: GPL-3.0-or-later

import NIOCore
import ServiceLifecycle

/// Feeds the service manager's watchdog while all goes on: it runs on the hub's loop, so that one that hangs starves
/// it, and asks before each time whether every source's analysis makes progress.
struct Watchdog: Service {
    let hub: Hub
    let notification: ServiceNotification
    /// Seconds after which the service manager loses patience.
    let interval: Double

    func run() async throws {
        let third = TimeAmount.microseconds(max(1000, Int64(min(interval, 86_400) * 1e6 / 3)))
        let feeding = hub.loop.scheduleRepeatedTask(initialDelay: .zero, delay: third) { [hub, notification] _ in
            if hub.assumeIsolated({ $0.isAnalysisAlive() }) { notification.isAlive() }
        }
        try? await gracefulShutdown()
        // From here on the time to stop counts, and the analysis may rest.
        feeding.cancel()
    }
}
