// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// An error in rendering a piece or a programme.
package typealias RenderingError = CodedError<RenderingErrorCode>

/// The code of a `RenderingError`.
package enum RenderingErrorCode: Sendable, Equatable {
    /// A required program is not installed.
    case programMissing
    /// No sound font was found.
    case soundFontMissing
    /// A program failed, or gave a wrong result.
    case programFailed
    /// A file cannot be read or written.
    case fileFailed
}
