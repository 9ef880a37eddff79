// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// Sends notifications to the service manager (sd_notify(3)): datagrams to the socket that it names, if it names one.
package struct ServiceNotification: Sendable {
    private let path: String?

    /// - Parameter path: the value of NOTIFY_SOCKET; an `@` in front stands for an abstract name.
    package init(path: String?) {
        self.path = path.map { $0.hasPrefix("@") ? "\0" + $0.dropFirst() : $0 }
    }

    /// Whether there is a service manager that receives notifications.
    package var hasReceiver: Bool { path != nil }

    package func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }

    /// Reports that a reload is over, whether or not it succeeded.
    package func reloaded() { send("READY=1") }

    package func reloading() { send("RELOADING=1\nMONOTONIC_USEC=\(monotonicNanoseconds() / 1000)") }

    package func stopping() { send("STOPPING=1", patience: 1) }

    /// Reports what the service is doing, in a line for people. Dropped when the service manager is too busy.
    package func status(_ text: String) { send("STATUS=\(text)", flags: MSG_DONTWAIT) }

    /// Feeds the watchdog. Dropped when the service manager is too busy.
    package func isAlive() { send("WATCHDOG=1", flags: MSG_DONTWAIT) }

    /// - Parameter patience: the longest wait, in seconds, for a service manager that is busy. A stop must not wait for one that
    ///   hangs.
    private func send(_ message: String, flags: Int = 0, patience: Int = 30) {
        guard let path, path.utf8.count <= UnixSocket.longestPath else { return }
        let descriptor = UnixSocket.open(SOCK_DGRAM)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var longest = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &longest, socklen_t(MemoryLayout<timeval>.size))
        let bytes = Array(message.utf8)
        // There is nobody to report an error to.
        _ = UnixSocket.withAddress(path) { address, length in
            sendto(descriptor, bytes, bytes.count, Int32(Int(MSG_NOSIGNAL) | flags), address, length)
        }
    }
}
