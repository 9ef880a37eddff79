// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// System calls that take the address of a Unix socket.
package enum UnixSocket {
    /// Bytes of the longest path, without the closing zero.
    package static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// Calls `body` with the address of a path that is not too long. A leading `@` has no special meaning.
    package static func withAddress<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8.prefix(longestPath))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        // The length of an abstract name is exact; a path ends with a zero byte.
        let isAbstract = bytes.first == 0
        let offset = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path)
        let length = isAbstract ? offset + bytes.count : MemoryLayout<sockaddr_un>.size
        return withUnsafePointer(to: &address) { pointer in
            // A sockaddr_un is one kind of sockaddr. The calls read only as many bytes as the length says.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }

    /// A new Unix socket that child processes do not inherit; -1 on failure, as socket(2).
    package static func open(_ type: __socket_type, nonBlocking: Bool = false) -> Int32 {
        let flags = Int32(SOCK_CLOEXEC.rawValue) | (nonBlocking ? Int32(SOCK_NONBLOCK.rawValue) : 0)
        return socket(AF_UNIX, Int32(type.rawValue) | flags, 0)
    }

    /// A socket option that is a number; nil if the descriptor is not a socket.
    package static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }

    /// The address that a Unix socket is bound to, an abstract name with `@` in front; nil if it is not bound.
    package static func path(of descriptor: Int32) -> String? {
        var address = sockaddr_un()
        var length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            // A sockaddr_un is one kind of sockaddr. The call writes at most `length` bytes.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        let offset = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path)
        guard result == 0, Int(length) > offset else { return nil }
        let bytes = withUnsafeBytes(of: address.sun_path) { Array($0.prefix(Int(length) - offset)) }
        if bytes.first == 0 { return "@" + String(decoding: bytes.dropFirst(), as: UTF8.self) }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Whether a server accepts connections at a path.
    ///
    /// - Parameter ifForbidden: the result for a path that this user may not connect to.
    package static func isAnswered(_ path: String, ifForbidden: Bool) -> Bool {
        let descriptor = open(SOCK_STREAM, nonBlocking: true)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let result = withAddress(path) { connect(descriptor, $0, $1) }
        // EAGAIN: the queue of a living server is full.
        return result == 0 || errno == EAGAIN || (errno == EACCES && ifForbidden)
    }
}
