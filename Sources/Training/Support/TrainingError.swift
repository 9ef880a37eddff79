// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Why something cannot be learned from, or what was learned not kept.
package typealias TrainingError = CodedError<TrainingErrorCode>

/// What kind of TrainingError it is.
package enum TrainingErrorCode: Sendable, Equatable {
    /// A file or folder cannot be opened or read.
    case cannotRead
    /// A file or folder cannot be written.
    case cannotWrite
    /// The bytes are not what the file should hold.
    case malformed
    /// A file of the right kind whose contents cannot be used here.
    case unsupported
    /// Options or data that contradict each other.
    case badParameter
    /// The loss is no number any more.
    case diverged
}
