// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Why a stream cannot be analysed.
package typealias StreamingError = CodedError<StreamingErrorCode>

/// What kind of StreamingError it is.
package enum StreamingErrorCode: Sendable, Equatable {
    /// A sample rate outside 8 000 to 192 000 Hz.
    case unsupportedRate
    /// A C library refused to set up.
    case libraryFailed
    /// A parameter is impossible.
    case badParameter
}
