// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc
import NIOCore

/// The process, user and group at the other end of a Unix socket when it connected, as the kernel reports them
/// (SO_PEERCRED, unix(7)).
struct PeerCredentials: Sendable, CustomStringConvertible {
    // The fields of struct ucred, in its order.
    private var process: pid_t = 0
    private var user: uid_t = 0
    private var group: gid_t = 0

    /// Reads the credentials of a channel's peer. Fails if the channel is not a Unix socket.
    static func of(_ channel: any Channel) -> EventLoopFuture<PeerCredentials> {
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        return provider.unsafeGetSocketOption(level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
    }

    /// One line such as `genrectl, process 4711, user 1000, group 1000`, without the name if the process is gone or hidden.
    var description: String {
        let name = name.map { "\($0), " } ?? ""
        return "\(name)process \(process), user \(user), group \(group)"
    }

    private var name: String? {
        let file = open("/proc/\(process)/comm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 64)
        let count = read(file, &text, text.count)
        return count > 1 ? String(decoding: text[..<(count - 1)], as: UTF8.self) : nil
    }
}
