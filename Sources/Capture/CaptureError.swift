// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Why something cannot be captured.
package typealias CaptureError = CodedError<CaptureErrorCode>

/// What kind of CaptureError it is.
package enum CaptureErrorCode: Sendable, Equatable {
    /// The URI is not understood.
    case badURI
    /// No such device, source or file, or no permission.
    case cannotOpen
    /// What is there is not audio, or not audio that can be read.
    case unreadable
    /// The rate, channels or encoding asked for contradict the device or the header.
    case formatMismatch
    /// The device or server went away while it was in use.
    case disconnected
    /// Any other failure of a read.
    case readFailed
}
