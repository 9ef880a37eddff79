// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Why a piece or a programme cannot be heard.
package typealias RenderingError = CodedError<RenderingErrorCode>

/// What kind of RenderingError it is.
package enum RenderingErrorCode: Sendable, Equatable {
    /// A program that is needed is not installed.
    case programMissing
    /// There is no sound font.
    case soundFontMissing
    /// A program failed, or did not give what it should.
    case programFailed
    /// A file cannot be read or written.
    case fileFailed
}
