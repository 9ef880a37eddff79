// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// What a hook is told, as JSON (docs/outlets.md): the event as MQTT has it, and the rule.
struct HookBody: Encodable {
    private enum CodingKeys: String, CodingKey {
        case v, rule, fired, firedTime, held, source
    }

    private let v = 1
    private let rule: String
    private let fired: HookFiring.Kind
    /// When the rule fired. Part of what is signed, so that a receiver can refuse an old request that is sent again.
    private let firedTime: String
    private let held: Double
    private let source: String
    private let event: EventPayload

    init(_ firing: HookFiring, of rule: String, at time: Timestamp) {
        let heard = firing.heard
        self.rule = rule
        fired = firing.kind
        firedTime = time.description
        held = (firing.held * 1000).rounded() / 1000
        source = heard.change.source
        event = EventPayload(heard.change, instance: heard.instance, replayed: heard.replayed)
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(v, forKey: .v)
        try members.encode(rule, forKey: .rule)
        try members.encode(fired, forKey: .fired)
        try members.encode(firedTime, forKey: .firedTime)
        try members.encode(held, forKey: .held)
        try members.encode(source, forKey: .source)
        // Beside them, in the same object.
        try event.encode(to: encoder)
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
