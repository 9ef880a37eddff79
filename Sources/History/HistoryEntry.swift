public import ControlProtocol

/// A change of label as the history keeps it.
public struct HistoryEntry: Sendable, Equatable {
    public var change: Change
    /// When the label that ends here began, by the clock of the wall.
    public var began: Timestamp
    /// When it ended: `change.time`.
    public var ended: Timestamp
    /// The same in seconds of a clock that never jumps.
    public var order: Double

    public init(_ change: Change, began: Timestamp, ended: Timestamp, order: Double) {
        self.change = change
        self.began = began
        self.ended = ended
        self.order = order
    }
}

/// A label that lasts still.
public struct OpenLabel: Sendable, Equatable {
    public var source: String
    public var label: String
    /// When it began, and up to when it is known to have lasted, by the clock of the wall.
    public var began: Timestamp
    public var until: Timestamp
    /// Seconds of audio heard since the source was opened.
    public var position: Double
    /// Seconds that it has lasted so far: of audio or, where there is nothing to hear, of waiting.
    public var lasted: Double
    /// When it began, in seconds of a clock that never jumps: the `order` of the entry that it began with.
    public var order: Double

    public init(
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
    public var stop: HistoryEntry {
        let change = Change(
            source: source, time: until.description, position: position, from: label, to: Change.stopped,
            confidence: 0, lasted: lasted)
        return HistoryEntry(change, began: began, ended: until, order: order.nextUp)
    }
}
