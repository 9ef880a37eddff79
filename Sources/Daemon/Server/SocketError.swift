// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// Why there is no control socket.
typealias SocketError = CodedError<SocketErrorCode>

/// What kind of SocketError it is.
enum SocketErrorCode: Sendable, Equatable {
    /// Another daemon answers at the path.
    case inUse
    /// The path cannot be a socket's, or something else is there.
    case badPath
    /// No such group, or no permission to give the socket to it.
    case badGroup
    /// What the service manager passed is no listening Unix socket.
    case badDescriptor
    /// The system refused.
    case cannotCreate
}

extension SocketError {
    /// A failed system call; its reason is in `errno`.
    static func failed(_ doing: String, call: String, hint: String = "") -> SocketError {
        let code = Glibc.errno
        return SocketError(.cannotCreate, "cannot \(doing): \(systemMessage(code))\(hint)", call: call, errno: code)
    }
}
