// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// An error in training or in the files that it reads and writes.
package typealias TrainingError = CodedError<TrainingErrorCode>

/// The kind of a `TrainingError`.
package enum TrainingErrorCode: Sendable, Equatable {
    /// A file or folder cannot be opened or read.
    case cannotRead
    /// A file or folder cannot be written.
    case cannotWrite
    /// The bytes are not what the file should hold.
    case malformed
    /// A valid file whose contents cannot be used here.
    case unsupported
    /// Options or data that contradict each other.
    case badParameter
    /// The loss is not a number any more.
    case diverged
}
