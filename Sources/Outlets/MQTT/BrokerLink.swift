// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// How far the connection to the broker is. The waits between attempts are by hand: libmosquitto has its own only in the
/// loop that runs in its thread, and without any chance in them.
struct BrokerLink {
    enum Phase {
        case none, connecting, subscribing
        /// Listening to what is retained under this node, before anything is published.
        case listening
        case ready
    }

    /// Seconds until the broker must have accepted the connection, and acknowledged a message.
    static let patience = 20.0
    /// Seconds for which a new connection only listens.
    static let quiet = 0.5
    /// A connection that lasts so many seconds counts as good: after it, the next attempt comes at once.
    static let good = 30.0

    var client: MQTTClient?
    var phase = Phase.none
    var since = 0.0
    var nextAttempt: Double? = 0
    var quietUntil: Double?
    /// What was heard of this node's status, on this connection.
    var retainedStatus: String?
    /// Why a message could not be sent: the connection is given up.
    var failure: MQTTError?
    /// How many connections were begun.
    var attempts = 0
    private var backoff = Backoff(least: 1, most: 120, spread: 0.2)
    /// What was logged last about the broker; nil while it is well.
    var lastProblem: String?

    var isConnecting: Bool { phase == .connecting }
    var isConnected: Bool { phase == .listening || phase == .ready || phase == .subscribing }
    var isReady: Bool { phase == .ready }

    /// Closes the connection without a goodbye, and connects again at once.
    mutating func drop() {
        client = nil
        phase = .none
        quietUntil = nil
        retainedStatus = nil
        failure = nil
        nextAttempt = 0
    }

    /// The connection failed: the next attempt comes later.
    mutating func failed(now: Double) {
        if isConnected, now - since >= Self.good { backoff.reset() }
        drop()
        nextAttempt = now + backoff.next()
    }
}

/// Whether a client's socket can be read now.
func isReadable(_ client: MQTTClient) -> Bool {
    guard let descriptor = client.descriptor else { return false }
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) > 0 && entry.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0
}

/// Whether it can be written to; while it connects, whether it is connected.
func isWritable(_ client: MQTTClient) -> Bool {
    guard let descriptor = client.descriptor else { return false }
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&entry, 1, 0) > 0
}
