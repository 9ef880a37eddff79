// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// A change of label as the history keeps it.
package struct HistoryEntry: Sendable, Equatable {
    package var change: Change
    /// When the label that ends here began, by the clock of the wall.
    package var began: Timestamp
    /// When it ended: `change.time`.
    package var ended: Timestamp
    /// The same in seconds of a clock that never jumps.
    package var order: Double

    package init(_ change: Change, began: Timestamp, ended: Timestamp, order: Double) {
        self.change = change
        self.began = began
        self.ended = ended
        self.order = order
    }
}

/// A label that lasts still.
package struct OpenLabel: Sendable, Equatable {
    package var source: String
    package var label: String
    /// When it began, and up to when it is known to have lasted, by the clock of the wall.
    package var began: Timestamp
    package var until: Timestamp
    /// Seconds of audio heard since the source was opened.
    package var position: Double
    /// Seconds that it has lasted so far: of audio or, where there is nothing to hear, of waiting.
    package var lasted: Double
    /// When it began, in seconds of a clock that never jumps: the `order` of the entry that it began with.
    package var order: Double

    package init(
        source: String, label: String, began: Timestamp, until: Timestamp, position: Double, lasted: Double,
        order: Double
    ) {
        self.source = source
        self.label = label
        self.began = began
        self.until = until
        self.position = position
        self.lasted = lasted
        self.order = order
    }

    /// The change that stands in the history when nothing follows it.
    package var stop: HistoryEntry {
        let change = Change(
            source: source, time: until.description, position: position, from: label, to: Change.stopped,
            confidence: 0, lasted: lasted)
        return HistoryEntry(change, began: began, ended: until, order: order.nextUp)
    }
}
