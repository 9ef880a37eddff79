// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// A refusal of the operating system without which genred cannot run.
typealias SystemError = CodedError<SystemErrorCode>

/// What kind of SystemError it is.
enum SystemErrorCode: Sendable, Equatable {
    /// A system call failed.
    case refused
}

extension SystemError {
    /// A failed system call.
    ///
    /// - Parameter what: what is missing because of it.
    init(_ what: String, call: String, errno number: Int32 = Glibc.errno) {
        self.init(.refused, "\(what): \(systemMessage(number))", call: call, errno: number)
    }
}
