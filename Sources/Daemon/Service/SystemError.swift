// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// A failed system call without which genred cannot run.
typealias SystemError = CodedError<SystemErrorCode>

/// The kind of a `SystemError`.
enum SystemErrorCode: Sendable, Equatable {
    /// A system call failed.
    case refused
}

extension SystemError {
    /// - Parameter what: what cannot be done because of it.
    init(_ what: String, call: String, errno number: Int32 = Glibc.errno) {
        self.init(.refused, "\(what): \(systemMessage(number))", call: call, errno: number)
    }
}
