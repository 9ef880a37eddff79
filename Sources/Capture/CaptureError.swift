// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// An error of a source.
package typealias CaptureError = CodedError<CaptureErrorCode>

/// The kinds of `CaptureError`.
package enum CaptureErrorCode: Sendable, Equatable {
    /// The URI is not understood.
    case badURI
    /// No such device, source or file, or no permission.
    case cannotOpen
    /// The data is not audio, or is in an unsupported format.
    case unreadable
    /// The requested rate, channels or encoding contradict the device or the header.
    case formatMismatch
    /// The device or server went away while it was in use.
    case disconnected
    /// Parts of a file were not heard.
    case incomplete
    /// Any other failure of a read.
    case readFailed
}
