// SPDX-License-Identifier: GPL-3.0-or-later

import CPolling
import Glibc

/// Signals as a descriptor to poll, so that no code runs in a signal handler.
package final class SignalQueue {
    package let descriptor: Int32
    private var set = sigset_t()

    /// Blocks the signals in this thread and in the threads that it starts.
    package init(_ signals: [Int32]) {
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        descriptor = signalfd(-1, &set, Int32(SFD_NONBLOCK) | Int32(SFD_CLOEXEC))
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// Returns the next signal that has arrived; nil if there is none.
    package func next() -> Int32? {
        var information = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        return read(descriptor, &information, size) == size ? Int32(information.ssi_signo) : nil
    }

    /// Ends this program by `signal`, so that its parent sees the reason.
    package static func die(of signal: Int32) -> Never {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, signal)
        Glibc.signal(signal, SIG_DFL)
        raise(signal)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        exit(128 + signal)
    }
}
