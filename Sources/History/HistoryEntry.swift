// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// A change of label as the history keeps it.
package struct HistoryEntry: Sendable, Equatable {
    package var change: Change
    /// When the label that ends here began, by the wall clock.
    package var began: Timestamp
    /// When it ended: `change.time`.
    package var ended: Timestamp
    /// When it ended, in monotonic seconds.
    package var order: Double

    package init(_ change: Change, began: Timestamp, ended: Timestamp, order: Double) {
        self.change = change
        self.began = began
        self.ended = ended
        self.order = order
    }
}

/// A label that still lasts.
package struct OpenLabel: Sendable, Equatable {
    package var source: String
    package var label: String
    /// When it began, and up to when it is known to have lasted, by the wall clock.
    package var began: Timestamp
    package var until: Timestamp
    /// Seconds of audio heard since the source was opened.
    package var position: Double
    /// Seconds that it has lasted so far: of audio or, without a signal, of waiting.
    package var lasted: Double
    /// When it began, in monotonic seconds: the `order` of the entry that it began with.
    package var order: Double
    /// What is playing at the source.
    package var title: String?

    package init(
        source: String, label: String, began: Timestamp, until: Timestamp, position: Double, lasted: Double,
        order: Double, title: String? = nil
    ) {
        self.source = source
        self.label = label
        self.began = began
        self.until = until
        self.position = position
        self.lasted = lasted
        self.order = order
        self.title = title
    }

    /// The change that ends it when no other label follows.
    package var stop: HistoryEntry {
        let change = Change(
            source: source, time: until.description, position: position, from: label, to: Change.stopped,
            confidence: 0, lasted: lasted, title: title)
        return HistoryEntry(change, began: began, ended: until, order: order.nextUp)
    }
}
