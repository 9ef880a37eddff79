// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// Keeps this machine from publishing one node at one broker twice, whoever runs the outlets and whatever their state
/// folders are: the broker would throw out the older of the two again and again.
///
/// The lock is an abstract Unix socket, which needs no file and goes with the process.
struct NodeLock: ~Copyable {
    private let socket: OwnedDescriptor

    init(node: String, broker: String) throws(OutletError) {
        socket = OwnedDescriptor(UnixSocket.open(SOCK_STREAM))
        let descriptor = socket.number
        let name = "\0genred-outlet-mqtt-" + String(TopicLevel.stableHash("\(node) \(broker)"), radix: 16)
        let result = UnixSocket.withAddress(name) { bind(descriptor, $0, $1) }
        // Any other failure is no reason not to publish.
        guard result != 0, errno == EADDRINUSE else { return }
        throw OutletError(
            .configuration,
            "another genred-outlet mqtt on this machine publishes as \(node) at \(broker): stop it, or give one of them "
                + "another --node")
    }
}
