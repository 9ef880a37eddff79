// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// The published label of a source (a genre, or the state's name): when it began, and how long it has lasted.
struct LabelSpan {
    private(set) var label = EstimateState.starting.rawValue
    /// Whether nothing has been heard or happened yet: the label that replaces this one is then no change.
    private(set) var isNew = true
    /// When the label began, in seconds of the monotonic clock: the history's order.
    private(set) var order = monotonicSeconds()
    private var since: Moment
    /// Seconds of audio heard or, without a signal, of waiting. Runs faster than real time for a file that is read
    /// fast.
    private var elapsed = 0.0
    /// `elapsed` when the label began.
    private var start = 0.0
    /// `elapsed` at the last update of the history.
    private var noted = 0.0

    init(began time: Timestamp) { since = Moment(time) }

    /// Seconds that the label has lasted.
    var lasted: Double { elapsed - start }

    mutating func advance(by seconds: Double) { elapsed += seconds }

    /// When the label began, corrected if the clock has been set since.
    mutating func began(at now: Timestamp = .now) -> Timestamp {
        since.follow(now)
        return since.time
    }

    /// From now on, a different label counts as a change.
    mutating func settle() { isNew = false }

    /// Replaces a label that was published before anything was known.
    mutating func correct(to label: String, at time: Timestamp) {
        self.label = label
        since = Moment(time)
    }

    /// Begins another label. Read `label`, `lasted` and `began` of the old one first.
    mutating func begin(_ label: String, at time: Timestamp) {
        correct(to: label, at: time)
        order = monotonicSeconds()
        start = elapsed
    }

    /// Returns whether the label has lasted longer than at the last call, so that the history needs an update.
    mutating func takeNote() -> Bool {
        guard !isNew, elapsed != noted else { return false }
        noted = elapsed
        return true
    }
}
