// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc
import ServiceLifecycle

/// Reloads on SIGHUP and returns on any other signal.
struct SignalService: Service {
    let signals: AsyncStream<Int32>
    let reload: @Sendable () async -> Void

    func run() async throws {
        for await signal in signals.cancelOnGracefulShutdown() {
            guard signal == SIGHUP else { return }
            // In a task of its own, so that a stop does not wait for a reload.
            Task { await reload() }
        }
    }
}

/// The signals that stop or reload the daemon. The main thread waits for them.
///
/// swift-service-lifecycle's `UnixSignalsSequence` is not used: Dispatch's handler raises a signal again for the thread
/// that it interrupted, where no other thread can fetch it, and on a busy machine one that came while the services
/// started was lost.
struct ProcessSignals {
    /// What has arrived, in order. Signals that come while the daemon starts wait here.
    let arrived: AsyncStream<Int32>
    private let arrive: AsyncStream<Int32>.Continuation
    private var set = sigset_t()

    /// Blocks the signals. Call it before there are other threads, because they inherit the blocked signals.
    init() {
        (arrived, arrive) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(16))
        sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for signals until the process exits.
    func wait() -> Never {
        while true {
            var set = set
            var signal: Int32 = 0
            if sigwait(&set, &signal) == 0 { arrive.yield(signal) }
        }
    }
}
