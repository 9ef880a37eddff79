// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Why a client did not get what it wanted from the daemon.
package typealias ControlError = CodedError<ControlErrorCode>

/// What kind of ControlError it is.
package enum ControlErrorCode: Sendable, Equatable {
    /// Nothing is at the path: the daemon is not running, or listens elsewhere.
    case notRunning
    /// The socket is there, but its daemon is gone (or it is no socket at all).
    case refused
    case permissionDenied
    /// The path cannot be a socket's: empty, or longer than the system allows.
    case badPath
    /// The daemon did not take or answer a request in time.
    case timeout
    /// The daemon closed the connection, or died.
    case closed
    /// Who answers speaks another protocol, or another version of it.
    case mismatch
    /// The daemon answered with this error.
    case answered(RPCError)
    /// Any other failure of a system call.
    case failed
}
