// SPDX-License-Identifier: GPL-3.0-or-later

/// The retained messages that should be at the broker, and which of them have to be sent. A message that changes before it
/// is sent replaces the old one, so memory is bounded by the number of topics.
struct RetainedTopics {
    /// Each topic's payload.
    private(set) var wanted: [String: [UInt8]] = [:]
    /// Topics to send, in order.
    private var waiting: [String] = []
    private var inQueue: Set<String> = []

    var isEmpty: Bool { waiting.isEmpty }

    func isWaiting(for topic: String) -> Bool { inQueue.contains(topic) }

    /// Sets a topic's payload, and sends it even if it is the same as before.
    mutating func set(_ topic: String, _ payload: [UInt8]) {
        wanted[topic] = payload
        if inQueue.insert(topic).inserted { waiting.append(topic) }
    }

    /// Removes a topic from the broker.
    mutating func remove(_ topic: String) { set(topic, []) }

    /// Returns the next message to send.
    mutating func next() -> (topic: String, payload: [UInt8])? {
        guard !waiting.isEmpty else { return nil }
        let topic = waiting.removeFirst()
        inQueue.remove(topic)
        let payload = wanted[topic] ?? []
        if payload.isEmpty { wanted[topic] = nil }
        return (topic, payload)
    }

    /// Forgets what waits: after the next connection everything is sent again.
    mutating func clear() { self = RetainedTopics() }
}
