// SPDX-License-Identifier: GPL-3.0-or-later

/// Which messages the broker has not acknowledged yet, and up to where the changes are delivered. Acknowledgements may
/// come in any order: the position is the end of the part without a gap.
struct EventDelivery {
    /// The most messages at a time.
    static let most = 20

    /// The last change that is delivered, with all before it.
    private(set) var position: FeedPosition?
    private struct Message {
        let number: Int32
        /// The change that it carries.
        var position: FeedPosition?
        /// The topic that it removes.
        var removed: String?
        var isAcknowledged = false
        let time: Double
    }

    private var messages: [Message] = []

    init(position: FeedPosition?) { self.position = position }

    var hasRoom: Bool { messages.count < Self.most }
    var isEmpty: Bool { messages.isEmpty }

    /// When the oldest message was sent; nil if all are acknowledged.
    var oldest: Double? { messages.first { !$0.isAcknowledged }?.time }

    /// A message was sent.
    ///
    /// - Parameters:
    ///   - position: the change that it carries, if it is an event.
    ///   - removed: the topic that it removes from the broker.
    mutating func sent(_ number: Int32, position: FeedPosition? = nil, removed: String? = nil, time: Double) {
        messages.append(Message(number: number, position: position, removed: removed, time: time))
    }

    /// A change that needs no message.
    mutating func skipped(_ position: FeedPosition) {
        messages.append(Message(number: -1, position: position, isAcknowledged: true, time: 0))
        advance()
    }

    /// Returns the topic that is removed by this.
    mutating func acknowledged(_ number: Int32) -> String? {
        guard let index = messages.firstIndex(where: { $0.number == number && !$0.isAcknowledged }) else { return nil }
        messages[index].isAcknowledged = true
        defer { advance() }
        return messages[index].removed
    }

    /// The connection is lost: what is not acknowledged is sent again.
    mutating func forget() { messages = [] }

    /// Begins at a change that was not delivered by a message: where a new daemon begins.
    mutating func begin(at position: FeedPosition) {
        if self.position?.instance != position.instance { self.position = position }
    }

    private mutating func advance() {
        while let first = messages.first, first.isAcknowledged {
            messages.removeFirst()
            if let reached = first.position { position = reached }
        }
    }
}
