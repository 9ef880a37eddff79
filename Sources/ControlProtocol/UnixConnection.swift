// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// A connection to a Unix socket. No call blocks, except those with a deadline.
struct UnixConnection: ~Copyable {
    let descriptor: Int32
    let path: String

    /// - Throws: `notRunning`, `refused`, `permissionDenied`, `badPath`, `timeout` or `failed`.
    init(path: String, deadline: ContinuousClock.Instant) throws(ControlError) {
        descriptor = UnixSocket.open(SOCK_STREAM, nonBlocking: true)
        self.path = path
        let bytes = path.utf8
        guard (1...UnixSocket.longestPath).contains(bytes.count), !bytes.contains(0) else {
            throw ControlError(
                .badPath,
                "a socket path must be 1 to \(UnixSocket.longestPath) bytes long, not \(bytes.count): \(quoted(path))"
            )
        }
        guard descriptor >= 0 else {
            throw ControlError(.failed, "cannot create a socket: \(systemMessage(errno))", call: "socket", errno: errno)
        }
        while true {
            let result = UnixSocket.withAddress(path) { connect(descriptor, $0, $1) }
            if result == 0 { return }
            switch errno {
            case EINTR: continue
            case EAGAIN where ContinuousClock.now < deadline:
                // The daemon's queue of connections is full, and poll(2) does not report when it has room again.
                usleep(5000)
            case EAGAIN: throw ControlError(.timeout, "genred at \(path) is too busy to accept a connection")
            default: throw Self.connectError(path: path, errno: errno)
            }
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Sends everything, or throws `timeout`, `closed` or `failed`.
    func send(_ bytes: [UInt8], deadline: ContinuousClock.Instant) throws(ControlError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                // MSG_NOSIGNAL: a daemon that has exited gives an error here, not a SIGPIPE.
                Glibc.send(
                    descriptor, buffer.baseAddress?.advanced(by: sent), buffer.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                guard try wait(for: POLLOUT, deadline: deadline) else {
                    throw ControlError(.timeout, "genred at \(path) does not read its requests")
                }
            } else if errno != EINTR {
                throw Self.lost(path: path, call: "send", errno: errno)
            }
        }
    }

    /// Passes the bytes that have arrived to `body`, without waiting; false when there are none yet.
    ///
    /// - Throws: `closed` when the daemon has closed the connection, or `failed`.
    func receive(into buffer: inout [UInt8], _ body: (ArraySlice<UInt8>) -> Void) throws(ControlError) -> Bool {
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                body(buffer[..<count])
                return true
            }
            if count == 0 { throw Self.closed(path: path) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return false
            default: throw Self.lost(path: path, call: "recv", errno: errno)
            }
        }
    }

    /// Waits until the socket can be read or written; false when the deadline passes first.
    func wait(for events: Int32, deadline: ContinuousClock.Instant) throws(ControlError) -> Bool {
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            let milliseconds = max(0, (left / .milliseconds(1)).rounded(.up))
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let count = poll(&entry, 1, Int32(min(milliseconds, 60_000)))
            if count > 0 { return true }
            if count < 0 && errno != EINTR {
                throw ControlError(
                    .failed, "cannot wait for genred: \(systemMessage(errno))", call: "poll", errno: errno)
            }
            if ContinuousClock.now >= deadline { return false }
        }
    }

    private static func closed(path: String) -> ControlError {
        ControlError(.closed, "genred at \(path) closed the connection")
    }

    private static func lost(path: String, call: String, errno: Int32) -> ControlError {
        guard errno == EPIPE || errno == ECONNRESET else {
            return ControlError(
                .failed, "the connection to genred at \(path) failed: \(systemMessage(errno))", call: call, errno: errno
            )
        }
        return closed(path: path)
    }

    private static func connectError(path: String, errno: Int32) -> ControlError {
        func error(_ code: ControlError.Code, _ message: String) -> ControlError {
            ControlError(code, message, call: "connect", errno: errno)
        }
        let start = #"start it with "systemctl start genred", or run "genred" in another terminal"#
        switch errno {
        case ENOENT, ENOTDIR: return error(.notRunning, "genred is not running: there is no \(path); \(start)")
        case ECONNREFUSED where !SocketPath.isSocket(path):
            return error(.refused, "\(path) is not a socket; name genred's socket with --socket PATH")
        case ECONNREFUSED:
            return error(.refused, "genred is not running: it was killed and left \(path) behind; \(start)")
        case EACCES, EPERM:
            guard let owner = SocketPath.owner(of: path) else {
                return error(
                    .permissionDenied,
                    "permission denied: a folder above \(path) is closed to you; run this as its owner or with sudo")
            }
            return error(
                .permissionDenied,
                "permission denied: \(path) belongs to \(owner.text); \(owner.advice)")
        default: return error(.failed, "cannot connect to \(path): \(systemMessage(errno))")
        }
    }
}
