// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The reason why a stream cannot be analysed.
package typealias StreamingError = CodedError<StreamingErrorCode>

/// Kinds of `StreamingError`.
package enum StreamingErrorCode: Sendable, Equatable {
    /// The sample rate is not between 8 000 and 192 000 Hz.
    case unsupportedRate
    /// A C library failed during set-up.
    case libraryFailed
    /// A parameter is out of its range.
    case badParameter
}
