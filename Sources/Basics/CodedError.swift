// SPDX-License-Identifier: GPL-3.0-or-later

/// An error as a value: a code for programs, one line for people, and the C call behind it if there was one.
///
/// Each module names its own: `typealias CaptureError = CodedError<CaptureErrorCode>`.
package struct CodedError<Kind: Sendable & Equatable>: Error, Sendable, Equatable, CustomStringConvertible {
    package typealias Code = Kind

    package var code: Code
    /// What happened, where, and what to do, on one line.
    package var message: String
    /// The C function that failed, if one did.
    package var call: String?
    /// Its error number: errno, or the library's own positive code.
    package var errno: Int32?

    package init(_ code: Code, _ message: String, call: String? = nil, errno: Int32? = nil) {
        self.code = code
        self.message = message
        self.call = call
        self.errno = errno
    }

    /// The message, followed by the call and its error number in brackets.
    package var description: String {
        guard let call else { return message }
        return "\(message) (\(call)\(errno.map { ", error \($0)" } ?? ""))"
    }
}
