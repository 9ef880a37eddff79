// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Glibc

/// The service manager's side of sd_notify(3): the socket on which a daemon reports that it is ready.
package final class NotifySocket {
    package let path: String
    private let descriptor: Int32
    /// All messages so far, since the last `forget()`.
    package private(set) var messages: [String] = []

    package init(_ path: String) throws {
        self.path = path
        unlink(path)
        descriptor = UnixSocket.open(SOCK_DGRAM)
        let descriptor = descriptor
        guard UnixSocket.withAddress(path, { bind(descriptor, $0, $1) }) == 0 else {
            throw RawClient.NotConnected(errno: errno)
        }
    }

    deinit { close(descriptor) }

    /// The messages since the last call.
    @discardableResult
    package func take() -> [String] {
        var new: [String] = []
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            guard count >= 0 else { break }
            new.append(String(decoding: bytes[..<count], as: UTF8.self))
        }
        messages += new
        return new
    }

    /// Waits for a message that begins with a text.
    package func receives(_ beginning: String, within seconds: Double = 60) async -> Bool {
        await eventually(within: seconds) {
            take()
            return messages.contains { $0.hasPrefix(beginning) }
        }
    }

    /// Discards the messages so far.
    package func forget() {
        take()
        messages = []
    }
}
