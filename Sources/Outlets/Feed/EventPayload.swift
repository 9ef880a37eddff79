// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// A change of label as MQTT and hooks pass it on (docs/outlets.md).
struct EventPayload: Encodable {
    let eventType: String
    let from: String
    let lasted: Double
    let confidence: Double
    let position: Double
    @OrNull var title: String?
    let time: String
    let seq: Int
    let instance: String
    let replayed: Bool

    init(_ change: Change, instance: String, replayed: Bool) {
        eventType = change.to
        from = change.from
        lasted = change.lasted
        confidence = change.confidence
        position = change.position
        time = change.time
        seq = change.seq
        self.instance = instance
        self.replayed = replayed
        title = change.title
    }

    enum CodingKeys: String, CodingKey {
        case from, lasted, confidence, position, title, time, seq, instance, replayed
        case eventType = "event_type"
    }
}
