// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// What a hook is told, as JSON (docs/outlets.md): the event as MQTT has it, and the rule.
struct HookBody: Encodable {
    enum CodingKeys: String, CodingKey {
        case v, rule, fired, firedTime, held, source
        case eventType = "event_type"
        case from, lasted, confidence, position, title, time, seq, instance, replayed
    }

    let v = 1
    let rule: String
    let fired: HookFiring.Kind
    /// When the rule fired. Part of what is signed, so that a receiver can refuse an old request that is sent again.
    let firedTime: String
    let held: Double
    let source: String
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

    init(_ firing: HookFiring, of rule: String, at time: Timestamp) {
        let change = firing.heard.change
        self.rule = rule
        fired = firing.kind
        firedTime = time.description
        held = (firing.held * 1000).rounded() / 1000
        source = change.source
        eventType = change.to
        from = change.from
        lasted = change.lasted
        confidence = change.confidence
        position = change.position
        title = change.title
        self.time = change.time
        seq = change.seq
        instance = firing.heard.instance
        replayed = firing.heard.replayed
    }
}

/// An event on its way to a hook.
struct HookDelivery: Codable, Sendable, Equatable {
    /// The rule's name.
    var rule: String
    /// The same over retries, and unlike that of any other event.
    var key: String
    var body: String
    /// When the rule fired, by the rules' clock.
    var time: Double
    var source: String
    var label: String
    var kind: HookFiring.Kind

    /// Nil if a number in it is not finite, which no daemon sends.
    init?(_ firing: HookFiring, of rule: String, at time: Timestamp, clock: Double) {
        guard let body = try? JSON.text(HookBody(firing, of: rule, at: time)) else { return nil }
        let change = firing.heard.change
        self.rule = rule
        key = "\(firing.heard.instance):\(change.seq):\(rule)"
        self.body = body
        self.time = clock
        (source, label, kind) = (change.source, change.to, firing.kind)
    }
}
