// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Why a model cannot be used.
package typealias ModelError = CodedError<ModelErrorCode>

/// What kind of ModelError it is.
package enum ModelErrorCode: Sendable, Equatable {
    /// The file cannot be opened or read.
    case cannotRead
    /// The file cannot be written.
    case cannotWrite
    /// The bytes are not a safetensors file.
    case malformed
    /// A safetensors file, but not a model that this version can run.
    case unsupported
    /// Tensors are missing, superfluous, of the wrong shape, or hold numbers that are not finite.
    case badTensor
}
