// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc
import ServiceLifecycle
import UnixSignals

/// Reloads on SIGHUP, and comes to its end on any other signal.
struct SignalService: Service {
    static let signals: [UnixSignal] = [.sigterm, .sigint, .sighup]

    let signals: UnixSignalsSequence
    let reload: @Sendable () async -> Void

    func run() async throws {
        for await signal in signals.cancelOnGracefulShutdown() {
            guard signal == .sighup else { return }
            // Beside the wait for the next one: a stop does not have to wait for a reload.
            Task { await reload() }
        }
    }

    /// Keeps these signals until somebody traps them: one that comes while the daemon starts ends it as one does that
    /// comes later. To be called before there are other threads, which have from the first what it blocks.
    static func hold() {
        var held = sigset_t()
        sigemptyset(&held)
        for signal in signals { sigaddset(&held, signal.rawValue) }
        pthread_sigmask(SIG_BLOCK, &held, nil)
    }
}
