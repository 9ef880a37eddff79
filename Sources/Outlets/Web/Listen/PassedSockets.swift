// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc
import NIOCore

/// The listening sockets that the service manager passes to this process (sd_listen_fds(3)).
enum PassedSockets {
    private static let first: Int32 = 3
    private static let names = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]

    /// Returns their descriptors, and removes the variables, so that no program that this one starts uses them. Call it
    /// before there are other threads.
    static func take(
        _ variable: (String) -> String? = SocketPath.variable, pid: pid_t = getpid()
    ) throws(OutletError) -> [Int32] {
        defer { for name in names { unsetenv(name) } }
        // A parent may have left its own variables: they name its process.
        guard variable("LISTEN_PID") == "\(pid)", let text = variable("LISTEN_FDS") else { return [] }
        guard let count = Int32(text), (0...64).contains(count) else {
            throw OutletError(
                .configuration, "the service manager set LISTEN_FDS to an impossible value: \(quoted(text))")
        }
        let descriptors = Array(first..<first + count)
        for descriptor in descriptors {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            guard UnixSocket.option(Int32(SO_ACCEPTCONN), of: descriptor) == 1,
                UnixSocket.option(Int32(SO_TYPE), of: descriptor) == Int32(SOCK_STREAM.rawValue)
            else {
                throw OutletError(
                    .configuration,
                    "the service manager passed something else than a listening stream socket as descriptor \(descriptor);"
                        + " in the socket unit write ListenStream=, and Accept=no")
            }
        }
        return descriptors
    }

    /// The address that a passed socket is bound to.
    static func address(of descriptor: Int32) throws(OutletError) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let address = withUnsafeMutablePointer(to: &storage) { pointer -> SocketAddress? in
            // A sockaddr_storage holds every kind of sockaddr, and the family says which one the call has written.
            let result = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
            guard result == 0 else { return nil }
            switch Int32(pointer.pointee.ss_family) {
            case AF_INET:
                return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee) }
            case AF_INET6:
                return pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee) }
            case AF_UNIX:
                return pointer.withMemoryRebound(to: sockaddr_un.self, capacity: 1) { SocketAddress($0.pointee) }
            default: return nil
            }
        }
        guard let address else {
            throw OutletError(
                .configuration,
                "the service manager passed a socket that is neither TCP nor Unix as descriptor \(descriptor)")
        }
        return address
    }
}
