// SPDX-License-Identifier: GPL-3.0-or-later

/// The limits of the control socket.
package enum ControlLimits {
    /// The longest request in bytes, without its newline.
    package static let requestBytes = 64 * 1024
    /// The number of clients at a time.
    package static let clients = 256
    /// The default `limit` of `history`.
    package static let historyDefault = 100
    /// The highest `limit` of `history`.
    package static let historyMost = 10_000
}
