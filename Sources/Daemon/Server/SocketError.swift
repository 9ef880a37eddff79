// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// The reason why there is no control socket.
typealias SocketError = CodedError<SocketErrorCode>

/// The kind of a `SocketError`.
enum SocketErrorCode: Sendable, Equatable {
    /// Another daemon serves the path.
    case inUse
    /// The path cannot be a socket's.
    case badPath
    /// There is no such group, or this user may not give the socket to it.
    case badGroup
    /// The service manager passed something other than a listening Unix socket.
    case badDescriptor
    /// The system refused, or something else is at the path.
    case cannotCreate
}

extension SocketError {
    /// Makes the error for a system call that has just failed; its reason is in `errno`.
    static func failed(_ doing: String, call: String, hint: String = "") -> SocketError {
        let code = Glibc.errno
        return SocketError(.cannotCreate, "cannot \(doing): \(systemMessage(code))\(hint)", call: call, errno: code)
    }
}
