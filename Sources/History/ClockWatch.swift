// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// Whether the clock of the wall can be trusted with the age of things.
///
/// A clock that was set a day (or, before the network is up, half a century) ahead makes all of the history too old.
/// So nothing is thrown away for its age until the clock has gone for an hour without a jump, and until it is two days
/// older than it has to be.
struct ClockWatch {
    /// Seconds.
    static let calm = 3600.0
    static let grace = 2 * 86_400.0
    /// Between two looks the clocks may differ by so many seconds.
    static let tolerance = 30.0

    private var last: (wall: Timestamp, steady: Double)?
    private var calmSince = 0.0

    /// To be called often. `steady`: seconds of a clock that nobody sets and that goes on in suspension.
    mutating func look(wall: Timestamp, steady: Double) {
        defer { last = (wall, steady) }
        guard let last else {
            calmSince = steady
            return
        }
        if abs(wall.seconds(since: last.wall) - (steady - last.steady)) > Self.tolerance { calmSince = steady }
    }

    /// Before what time things may be thrown away that are to be kept for `keep` seconds; nil for not now.
    func horizon(keep: Double) -> Timestamp? {
        guard let last, last.steady - calmSince >= Self.calm else { return nil }
        return last.wall.adding(seconds: -keep - Self.grace)
    }
}
