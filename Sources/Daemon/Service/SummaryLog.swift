// SPDX-License-Identifier: GPL-3.0-or-later

import ServiceLifecycle

/// Logs a summary of what was heard, at an interval that a reload can change.
actor SummaryLog: Service {
    private let hub: Hub
    private var interval: Double?
    private let changes: AsyncStream<Double?>
    private let changed: AsyncStream<Double?>.Continuation

    /// - Parameter interval: seconds; nil for never.
    init(hub: Hub, interval: Double?) {
        self.hub = hub
        self.interval = interval
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func use(interval new: Double?) {
        guard new != interval else { return }
        interval = new
        changed.yield(new)
    }

    func run() async throws {
        var ticking = tick(every: interval)
        for await new in changes.cancelOnGracefulShutdown() {
            ticking?.cancel()
            ticking = tick(every: new)
        }
        ticking?.cancel()
    }

    private func tick(every seconds: Double?) -> Task<Void, Never>? {
        guard let seconds else { return nil }
        return Task { [hub] in
            // Being a minute late once an hour does no harm, and lets the machine sleep.
            while (try? await Task.sleep(for: .seconds(seconds), tolerance: .seconds(seconds / 60))) != nil {
                await hub.logSummary()
            }
        }
    }
}
