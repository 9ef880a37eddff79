// SPDX-License-Identifier: GPL-3.0-or-later

/// The reason why a station cannot be heard, or no longer: one line that holds no password.
struct StationFailure: Error, Sendable, Equatable {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}
