// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// The topics of one source, and what was published of it.
struct SourceTopics {
    /// Seconds between states while nothing changes.
    static let stateInterval = 30.0

    let base: String
    var estimate: Estimate
    var device: DeviceState
    var nextState = 0.0
    var nextEstimate = 0.0
    private var wasAvailable: Bool?

    init(base: String, estimate: Estimate, device: DeviceState) {
        self.base = base
        self.estimate = estimate
        self.device = device
    }

    var stateTopic: String { "\(base)/state" }
    var availabilityTopic: String { "\(base)/availability" }
    var eventTopic: String { "\(base)/event" }
    var estimateTopic: String { "\(base)/estimate" }

    var isAvailable: Bool { device != .lost && device != .ended && estimate.state != .noSignal }

    /// Whether the availability is another than at the last call.
    mutating func availabilityHasChanged() -> Bool {
        defer { wasAvailable = isAvailable }
        return wasAvailable != isAvailable
    }
}

extension MQTTOutlet {
    /// Takes an estimate: publishes the state if it is new, or if the last one is old.
    func show(_ estimate: Estimate) {
        guard let old = sources[estimate.source]?.estimate else { return }
        sources[estimate.source]?.estimate = estimate
        guard link.isReady, isNodeOnline else { return }
        let now = monotonicSeconds()
        showAvailability(estimate.source)
        if old.label != estimate.label || old.state != estimate.state || old.title != estimate.title
            || now >= sources[estimate.source]?.nextState ?? 0
        {
            showState(estimate.source)
        }
        publishEstimate(estimate, now: now)
    }

    func showAvailability(_ name: String, always: Bool = false) {
        guard link.isReady, let hasChanged = sources[name]?.availabilityHasChanged(), hasChanged || always,
            let source = sources[name]
        else { return }
        retained.set(source.availabilityTopic, Array((source.isAvailable ? "online" : "offline").utf8))
    }

    func showState(_ name: String) {
        guard let source = sources[name], let instance = feed.position?.instance else { return }
        sources[name]?.nextState = monotonicSeconds() + SourceTopics.stateInterval
        retained.set(
            source.stateTopic, payload(StatePayload(source.estimate, seq: feed.seqs[name], instance: instance)))
    }

    /// Estimates are dropped while the broker is slow: nothing waits for it.
    private func publishEstimate(_ estimate: Estimate, now: Double) {
        guard settings.publishesEstimates, let source = sources[estimate.source], now >= source.nextEstimate,
            let client = link.client, !client.wantsToWrite
        else { return }
        sources[estimate.source]?.nextEstimate = now + 1
        // An error closes the connection, which is noticed when it is run next.
        _ = try? client.publish(source.estimateTopic, payload(estimate), atLeastOnce: false, isRetained: false)
    }

    /// Sends what is retained, as long as the broker keeps up.
    func sendRetained(_ client: MQTTClient) {
        while delivery.hasRoom, let (topic, payload) = retained.next() {
            guard let number = try? client.publish(topic, payload, atLeastOnce: true, isRetained: true) else { return }
            delivery.sent(number, removed: payload.isEmpty ? topic : nil, time: monotonicSeconds())
        }
    }

    func acknowledged(_ number: Int32) {
        if let topic = delivery.acknowledged(number), retained.wanted[topic] == nil { memory.topics.remove(topic) }
    }

    /// Sends what waits, and asks for changes if there is room for them.
    func publish() {
        guard let client = link.client, link.failure == nil else { return }
        sendRetained(client)
        feed.wantsChanges = delivery.hasRoom && retained.isEmpty
    }

    func publish(_ change: Change, replayed: Bool) {
        // After a failure the change comes again, on the next connection.
        guard let client = link.client, link.failure == nil, let position = feed.position else { return }
        guard let level = levels.level(of: change.source) else {
            // Another source has its topics.
            return delivery.skipped(position)
        }
        let event = EventPayload(change, instance: position.instance, replayed: replayed)
        let topic = "\(nodeTopic)/\(level)/event"
        do throws(MQTTError) {
            let number = try client.publish(topic, payload(event), atLeastOnce: true, isRetained: false)
            delivery.sent(number, position: position, time: monotonicSeconds())
        } catch {
            link.failure = error
            feed.wantsChanges = false
        }
    }
}
