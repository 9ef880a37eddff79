// SPDX-License-Identifier: GPL-3.0-or-later

/// How targets from `--targets` are used.
package struct TargetsConfiguration: Codable, Sendable, Equatable {
    /// Share of a labelled window's target that is the teacher's; the rest is its label.
    package var share = 0.4
    /// Share of the window's own rows in its targets; the rest is the whole track's.
    package var windowShare = 0.5
    /// Temperature of the targets: above 1 they become softer, below 1 sharper.
    package var temperature = 1.0
    /// Share of the windows of music that come from unlabelled tracks, if there are any.
    package var unlabelledShare = 0.3

    package init() {}

    var problem: String? {
        let shares = [("share", share), ("windowShare", windowShare), ("unlabelledShare", unlabelledShare)]
        for (name, value) in shares where !(0...1).contains(value) {
            return "targets.\(name) is \(value); it must be 0 to 1"
        }
        if !(0.1...10).contains(temperature) { return "targets.temperature is \(temperature); it must be 0.1 to 10" }
        return nil
    }
}
