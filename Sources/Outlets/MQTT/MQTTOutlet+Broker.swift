// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// The connection to the broker: it is made when the daemon has answered for the first time, and made again for ever.
extension MQTTOutlet {
    var nodeTopic: String { "genred/\(settings.node)" }
    var statusTopic: String { "\(nodeTopic)/status" }
    private var homeAssistant: HomeAssistant? {
        settings.discovery.map { HomeAssistant(prefix: $0, node: settings.node) }
    }

    /// The broker throws out the older of two clients with one identifier, so this one is the daemon's own: 23 letters
    /// and digits, which every broker takes.
    private var identifier: String {
        let text = String(TopicLevel.stableHash("\(settings.node) \(feed.position?.instance ?? "")"), radix: 16)
        return "genred0" + String(repeating: "0", count: 16 - text.count) + text
    }

    func runBroker() throws(OutletError) {
        let now = monotonicSeconds()
        guard let client = link.client else {
            if snapshot != nil, let attempt = link.nextAttempt, now >= attempt { connect(now: now) }
            return
        }
        do throws(MQTTError) {
            if let failure = link.failure { throw failure }
            let events = try client.run(canRead: isReadable(client), canWrite: isWritable(client))
            for event in events { try handle(event, client, now: now) }
            if !link.isConnected || link.phase == .subscribing, now - link.since > BrokerLink.patience {
                throw MQTTError(.timeout, "the broker at \(settings.broker.text) does not answer")
            }
            if let oldest = delivery.oldest, now - oldest > BrokerLink.patience {
                throw MQTTError(.timeout, "the broker at \(settings.broker.text) acknowledges nothing any more")
            }
        } catch {
            return lose(error, now: now)
        }
        try checkForStranger()
        if let end = link.quietUntil, now >= end { begin(now: now) }
        if let time = nextAnnouncement, now >= time { announceAll() }
    }

    private func connect(now: Double) {
        do throws(MQTTError) {
            let client = try MQTTClient(
                settings.broker, id: identifier, authority: settings.authority, willTopic: statusTopic, will: "offline")
            link.client = client
            link.phase = .connecting
            link.since = now
            link.nextAttempt = nil
            try client.connect(attempt: link.attempts)
            link.attempts += 1
        } catch {
            link.attempts += 1
            lose(error, now: monotonicSeconds())
        }
    }

    private func lose(_ error: MQTTError, now: Double) {
        link.failed(now: now)
        delivery.forget()
        retained.clear()
        feed.wantsChanges = false
        stranger = nil
        if link.lastProblem != error.message {
            log.warning("\(error); trying again, after 2 min at most")
            link.lastProblem = error.message
        }
        noteStatus()
    }

    private func handle(_ event: MQTTClient.Event, _ client: MQTTClient, now: Double) throws(MQTTError) {
        switch event {
        case .connected:
            link.phase = .subscribing
            try client.subscribe(
                [statusTopic, "\(nodeTopic)/+/state"] + (homeAssistant.map { [$0.birthTopic] } ?? []))
        case .subscribed(let refused):
            if !refused.isEmpty {
                log.warning("the broker refuses to let this program read its own topics, or Home Assistant's status")
            }
            link.phase = .listening
            link.quietUntil = now + BrokerLink.quiet
        case .acknowledged(let number): acknowledged(number)
        case .message(let topic, let payload, let isRetained): heard(topic, payload, isRetained, now: now)
        }
    }

    /// What was retained is known: publishes everything, and then the changes from where they were acknowledged.
    private func begin(now: Double) {
        link.quietUntil = nil
        link.phase = .ready
        if link.lastProblem != nil {
            log.notice("the broker at \(settings.broker.text) is back")
        } else {
            log.info("connected to the broker at \(settings.broker.text) as \(settings.node)")
        }
        link.lastProblem = nil
        if let position = delivery.position { feed.seek(position) }
        announceAll()
        noteStatus()
    }

    // MARK: What others publish

    private func heard(_ topic: String, _ payload: [UInt8], _ isRetained: Bool, now: Double) {
        if topic == homeAssistant?.birthTopic {
            // At random, so that not everything talks to a Home Assistant that has just started.
            if !isRetained, payload == Array("online".utf8) {
                nextAnnouncement = now + Double.random(in: 1...10)
            }
            return
        }
        if topic == statusTopic {
            link.retainedStatus = String(decoding: payload.prefix(16), as: UTF8.self)
            // An older connection's will, or somebody else's.
            if link.isReady, isNodeOnline, payload == Array("offline".utf8), !retained.isWaiting(for: topic) {
                showStatus()
            }
            return
        }
        // What was retained has been heard before this program began to publish.
        guard topic.hasPrefix("\(nodeTopic)/"), topic.hasSuffix("/state"), !(isRetained && link.isReady) else { return }
        let origin = try? JSON.decode(StatePayload.Origin.self, from: payload).instance
        guard let own = feed.position?.instance else { return }
        if let origin, origin.utf8.count == 36, origin != own {
            stranger = (origin, topic)
        } else if link.isReady, payload.isEmpty, sources.values.contains(where: { $0.stateTopic == topic }) {
            // A stranger that gave up has cleaned up.
            nextAnnouncement = now + 1
        }
    }

    /// Ends this program if another daemon is published under the same node.
    private func checkForStranger() throws(OutletError) {
        guard let found = stranger, let own = feed.position?.instance else { return }
        if link.isReady {
            // Both began at the same moment. The one whose identity is the smaller stays.
            stranger = nil
            nextAnnouncement = monotonicSeconds() + 1
            if own < found.instance || memory.former.contains(found.instance) { return }
            // The other one publishes its own again when it sees these go.
            leave { for topic in memory.topics { retained.remove(topic) } }
        } else {
            guard link.quietUntil.map({ monotonicSeconds() >= $0 }) == true else { return }
            stranger = nil
            // Left over from a daemon that is gone.
            if link.retainedStatus != "online" || memory.former.contains(found.instance) { return }
            // Without a goodbye, the broker would publish this program's will on the other one's topic.
            link.client?.disconnect()
        }
        throw OutletError(
            .configuration,
            """
            another genred (instance \(quoted(found.instance))) is published as \(settings.node) at \
            \(settings.broker.text): give one of them another name with --node
            """,
            """
            if that one is gone for ever, remove what it left: mosquitto_pub -r -n -t \(statusTopic)
            """)
    }

    // MARK: Publishing

    /// Sends everything that is retained: discovery, then availability, then state.
    func announceAll() {
        nextAnnouncement = nil
        guard link.isReady, let snapshot else { return }
        var topics: [(String, [UInt8])] = []
        if let homeAssistant {
            topics.append((homeAssistant.topic(nil), homeAssistant.daemon(snapshot.description)))
            for (name, level) in inOrder() {
                topics.append(
                    (homeAssistant.topic(level), homeAssistant.source(name, level: level, snapshot.description)))
            }
        }
        let present = Set(topics.map(\.0) + sources.values.flatMap { [$0.stateTopic, $0.availabilityTopic] })
        // Written before they are made, so that they are removed even after a crash.
        let gone = memory.topics.subtracting(present)
        memory.topics.formUnion(present)
        saveMemory(now: .infinity)
        // Home Assistant first learns that a device is gone: until then, an empty state is an error to it.
        let devices = gone.filter { $0.hasSuffix("/config") }
        for topic in (devices.isEmpty ? gone : devices).sorted() { retained.remove(topic) }
        if !devices.isEmpty { nextAnnouncement = monotonicSeconds() + 1 }
        for (topic, payload) in topics { retained.set(topic, payload) }
        for (name, _) in inOrder() { showAvailability(name, always: true) }
        for (name, _) in inOrder() { showState(name) }
        showStatus()
    }

    private func inOrder() -> [(String, String)] {
        snapshot?.estimates.compactMap { estimate in
            levels.levels[estimate.source].map { (estimate.source, $0) }
        } ?? []
    }

    func showStatus() { retained.set(statusTopic, Array((isNodeOnline ? "online" : "offline").utf8)) }
}
