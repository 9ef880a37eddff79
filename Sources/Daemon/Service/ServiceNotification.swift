// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Glibc

/// What the service manager is told (sd_notify(3)): a datagram to the socket it names. Without one nothing happens.
struct ServiceNotification: Sendable {
    private let path: String?

    /// - Parameter path: the value of NOTIFY_SOCKET; an `@` in front stands for an abstract name.
    init(path: String?) {
        self.path = path.map { $0.hasPrefix("@") ? "\0" + $0.dropFirst() : $0 }
    }

    var isHeard: Bool { path != nil }

    func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }

    /// A reload is over, however it went.
    func reloaded() { send("READY=1") }

    func reloading() { send("RELOADING=1\nMONOTONIC_USEC=\(monotonicNanoseconds() / 1000)") }

    func stopping() { send("STOPPING=1") }

    /// What the service does, in a line for people. Not sent when the service manager is too busy to take it.
    func status(_ text: String) { send("STATUS=\(text)", flags: MSG_DONTWAIT) }

    /// Feeds the watchdog, if the service manager can take it.
    func isAlive() { send("WATCHDOG=1", flags: MSG_DONTWAIT) }

    private func send(_ message: String, flags: Int = 0) {
        guard let path, path.utf8.count <= UnixSocket.longestPath else { return }
        let descriptor = UnixSocket.open(SOCK_DGRAM)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array(message.utf8)
        // Nobody can be told that the service manager does not listen.
        _ = UnixSocket.withAddress(path) { address, length in
            sendto(descriptor, bytes, bytes.count, Int32(Int(MSG_NOSIGNAL) | flags), address, length)
        }
    }
}
