// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// Keeps this machine from publishing one node at one broker twice, whoever runs the outlets and whatever their state
/// folders are: the broker would throw out the older of the two again and again.
///
/// The lock is an abstract Unix socket, which needs no file and goes with the process.
struct NodeLock: ~Copyable {
    private let descriptor: Int32

    init(node: String, broker: String) throws(OutletError) {
        descriptor = UnixSocket.open(SOCK_STREAM)
        let name = "\0genred-outlet-mqtt-" + String(TopicLevel.stableHash("\(node) \(broker)"), radix: 16)
        let result = UnixSocket.withAddress(name) { bind(descriptor, $0, $1) }
        // Any other failure is no reason not to publish.
        guard result != 0, errno == EADDRINUSE else { return }
        close(descriptor)
        throw OutletError(
            .configuration,
            "another genred-outlet mqtt on this machine publishes as \(node) at \(broker): stop it, or give one of them "
                + "another --node")
    }

    deinit { close(descriptor) }
}
