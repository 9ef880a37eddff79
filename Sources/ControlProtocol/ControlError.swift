// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// An error of the client: why a request to the daemon failed.
package typealias ControlError = CodedError<ControlErrorCode>

/// The code of a `ControlError`.
package enum ControlErrorCode: Sendable, Equatable {
    /// There is no file at the path: the daemon is not running, or listens elsewhere.
    case notRunning
    /// A file is there, but nothing listens on it: the daemon was killed, or the file is not a socket.
    case refused
    case permissionDenied
    /// The path is empty, or longer than the system allows for a socket.
    case badPath
    /// The daemon did not read or answer a request in time.
    case timeout
    /// The daemon closed the connection, or exited.
    case closed
    /// The program at the path speaks another protocol, or another version of this one.
    case mismatch
    /// The daemon answered with this error.
    case answered(RPCError)
    /// Another system call failed.
    case failed
}
