// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc
import ServiceLifecycle
import UnixSignals

/// Reloads on SIGHUP and returns on any other signal.
struct SignalService: Service {
    static let signals: [UnixSignal] = [.sigterm, .sigint, .sighup]

    let signals: UnixSignalsSequence
    let reload: @Sendable () async -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await signal in signals {
                guard signal == .sighup else { return }
                // In a task of its own, so that a stop does not wait for a reload.
                Task(executorPreference: TaskQueue.services) { await reload() }
            }
        }
    }

    /// Blocks these signals until `UnixSignalsSequence` traps them: one that comes while the daemon starts then ends it
    /// as one that comes later does. Call it before there are other threads, because they inherit the blocked signals.
    static func hold() {
        var held = sigset_t()
        sigemptyset(&held)
        for signal in signals { sigaddset(&held, signal.rawValue) }
        pthread_sigmask(SIG_BLOCK, &held, nil)
    }
}
