// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import NIOCore
import ServiceLifecycle

/// Logs a summary of what was heard, at an interval that a reload can change.
actor SummaryLog: Service {
    private let hub: Hub
    private var interval: Double?
    private var ticking: Task<Void, Never>?
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
        tick(every: interval)
        await cancelWhenGracefulShutdown { [changes] in
            for await new in changes { await self.tick(every: new) }
        }
        ticking?.cancel()
    }

    /// Ticks at an interval from now on, instead of the one before; nil for never.
    private func tick(every seconds: Double?) {
        ticking?.cancel()
        ticking = seconds.map { seconds in
            Task(executorPreference: TaskQueue.services) { [hub] in
                while (try? await hub.loop.sleep(for: .nanoseconds(Int64(seconds * 1e9)))) != nil {
                    await hub.logSummary()
                }
            }
        }
    }
}
