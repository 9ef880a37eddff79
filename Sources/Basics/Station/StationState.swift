// SPDX-License-Identifier: GPL-3.0-or-later

/// What a station does, by its own account: the `state` of its notes.
package enum StationState: String, Codable, Sendable, CaseIterable {
    /// For the first time since it was started.
    case connecting
    case playing
    /// It was lost or never reached, and is tried again.
    case reconnecting
    case stopped
}
