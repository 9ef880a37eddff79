// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// An event of a `DaemonFeed`.
enum FeedEvent: Sendable {
    /// Connected, for the first time or again: everything that is known now.
    case connected(DaemonSnapshot)
    /// A reload has changed the model or the sources: everything that is known now.
    case reloaded(DaemonSnapshot)
    /// The same sources and model, read again: counters, devices, estimates.
    case refreshed(DaemonSnapshot)
    /// A change of label; `replayed` if it was read from the history.
    case change(Change, replayed: Bool)
    case estimate(Estimate)
    case device(DeviceChange)
    /// The daemon dropped this many estimates, because this program was too slow.
    case lost(Int)
    /// The daemon cannot be reached, or no longer. Comes again with each attempt.
    case disconnected(ControlError, wasConnected: Bool)
}

/// Everything that a daemon says of itself at one time.
struct DaemonSnapshot: Sendable {
    var description: Description
    var status: DaemonStatus
    var estimates: [Estimate]

    /// Whether the other snapshot has the same sources and the same model, so that what was announced still holds.
    func hasSameShape(as other: DaemonSnapshot) -> Bool {
        description == other.description && estimates.map(\.source) == other.estimates.map(\.source)
    }
}

/// A place in a daemon's changes: all up to `seq` were handled.
struct FeedPosition: Codable, Sendable, Equatable {
    /// `Description.instance`.
    var instance: String
    var seq: Int
}
