// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The reason why a model cannot be read, used or written.
package typealias ModelError = CodedError<ModelErrorCode>

/// Kinds of `ModelError`.
package enum ModelErrorCode: Sendable, Equatable {
    /// The file cannot be opened or read.
    case cannotRead
    /// The file cannot be written.
    case cannotWrite
    /// The bytes are not a safetensors file.
    case malformed
    /// A safetensors file, but not a model that this version can run.
    case unsupported
    /// A tensor is missing, superfluous, of the wrong shape, or holds numbers that are not finite.
    case badTensor
}
