// SPDX-License-Identifier: GPL-3.0-or-later

import NIOCore
import Reporting
import ServiceLifecycle

/// Feeds the service manager's watchdog while every source's analysis makes progress. It runs on the hub's event loop,
/// so that a loop that hangs starves the watchdog, too.
struct Watchdog: Service {
    let hub: Hub
    let notification: ServiceNotification
    /// Seconds after which the service manager restarts a daemon that has not fed it.
    let interval: Double

    func run() async throws {
        let third = TimeAmount.microseconds(max(1000, Int64(min(interval, 86_400) * 1e6 / 3)))
        let feeding = hub.loop.scheduleRepeatedTask(initialDelay: .zero, delay: third) { [hub, notification] _ in
            if hub.assumeIsolated({ $0.isAnalysisAlive() }) { notification.isAlive() }
        }
        try? await gracefulShutdown()
        // From here on the service manager's stop timeout applies, and the analysis may stand still.
        feeding.cancel()
    }
}
