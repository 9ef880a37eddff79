// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc
import Logging

/// The settings of `genred-outlet mqtt`.
struct MQTTSettings: Sendable {
    var broker: BrokerAddress
    /// The topics' second level.
    var node: String
    /// The prefix of Home Assistant's discovery; nil for none.
    var discovery: String?
    var publishesEstimates = false
    /// A file of certificates to trust instead of the system's.
    var authority: String?
}

/// Publishes what a daemon reports to an MQTT broker. One thread waits for both, and for signals.
final class MQTTOutlet {
    let settings: MQTTSettings
    let run: OutletRun
    var log: Logger { run.log }
    let feed: DaemonFeed
    let memoryPath: String
    var memory: MQTTMemory
    var memoryWritten: MQTTMemory
    var nextWrite = 0.0
    private var cannotWrite = false

    // The daemon.
    var snapshot: DaemonSnapshot?
    var levels = SourceLevels([])
    var sources: [String: SourceTopics] = [:]
    private var lastDaemonError: ControlErrorCode?
    private var hasStarted = false

    // The broker.
    var link = BrokerLink()
    var delivery: EventDelivery
    var retained = RetainedTopics()
    /// Another program that publishes under the same node, and when that was noticed.
    var stranger: (instance: String, topic: String)?
    var nextAnnouncement: Double?
    var isNodeOnline = false

    init(settings: MQTTSettings, socket: String, state: StateFolder, run: OutletRun) throws(OutletError) {
        self.settings = settings
        self.run = run
        memoryPath = state.file("mqtt-\(settings.node).json")
        do {
            memory = try MQTTMemory.read(memoryPath) ?? MQTTMemory()
        } catch {
            run.log.warning("\(memoryPath) cannot be read, and begins anew: \(error)")
            memory = MQTTMemory()
        }
        memoryWritten = memory
        delivery = EventDelivery(position: memory.position)
        feed = DaemonFeed(path: socket, after: memory.position)
        feed.wantsChanges = false
    }

    /// Runs until a signal ends it.
    func runUntilStopped() throws(OutletError) {
        run.notification.ready("waiting for genred at \(feed.path)")
        while true {
            while let signal = run.signals.next() {
                guard signal == SIGHUP else { return stop() }
                announceAll()
            }
            // Bounded, so that a flood of estimates does not keep the broker waiting.
            var count = 0
            while count < 500, let event = feed.next() {
                handle(event)
                count += 1
                if link.isReady { publish() }
            }
            let wasAsking = feed.wantsChanges
            try runBroker()
            if link.isReady { publish() }
            saveMemory(now: monotonicSeconds())
            // Changes that wait in the feed make no descriptor readable.
            let isAsking = feed.wantsChanges && !wasAsking
            wait(atMost: count == 500 || isAsking ? 0 : 1)
        }
    }

    /// Waits until something can be done.
    private func wait(atMost most: Double) {
        var entries = [pollfd(fd: run.signals.descriptor, events: Int16(POLLIN), revents: 0)]
        if let descriptor = feed.descriptor {
            entries.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        }
        let now = monotonicSeconds()
        var wake = [link.nextAttempt, link.quietUntil, nextAnnouncement].compactMap { $0.map { $0 - now } }
            .filter { $0 > 0 }
        if feed.descriptor == nil { wake.append(feed.secondsToAttempt) }
        if let client = link.client, let descriptor = client.descriptor {
            let events = Int16(POLLIN | (client.wantsToWrite ? POLLOUT : 0))
            entries.append(pollfd(fd: descriptor, events: events, revents: 0))
            // The library does not say for what a beginning TLS waits.
            if link.isConnecting, settings.broker.transport == .tls { wake.append(0.05) }
        }
        // A turn has just looked at everything, so a wait of zero would be a spin.
        let seconds = most == 0 ? 0 : min(max(wake.min() ?? most, 0.001), most)
        _ = poll(&entries, nfds_t(entries.count), Int32((seconds * 1000).rounded(.up)))
    }

    private func stop() {
        run.notification.stopping()
        leave { retained.set(statusTopic, Array("offline".utf8)) }
        saveMemory(now: .infinity)
    }

    /// Sends the last messages, and says goodbye: after that the broker does not publish the will.
    func leave(_ prepare: () -> Void) {
        guard let client = link.client, link.isReady else { return }
        retained.clear()
        prepare()
        let deadline = monotonicSeconds() + 2
        do throws(MQTTError) {
            while monotonicSeconds() < deadline, !retained.isEmpty || !delivery.isEmpty {
                sendRetained(client)
                for case .acknowledged(let number) in try client.run(canRead: isReadable(client), canWrite: true) {
                    acknowledged(number)
                }
                pause(.milliseconds(5))
            }
            client.disconnect()
            _ = try client.run(canRead: false, canWrite: true)
        } catch {
            log.debug("while stopping: \(error)")
        }
    }

    // MARK: The daemon

    private func handle(_ event: FeedEvent) {
        switch event {
        case .connected(let new):
            if lastDaemonError != nil || !hasStarted {
                log.notice(
                    "genred \(new.description.version) answers, \(NumberText.counted(new.estimates.count, "source"))")
            }
            lastDaemonError = nil
            hasStarted = true
            if let position = feed.position {
                if let old = delivery.position?.instance, old != position.instance { become(not: old) }
                delivery.begin(at: position)
            }
            use(new)
            isNodeOnline = true
            announceAll()
        case .reloaded(let new):
            use(new)
            announceAll()
        case .refreshed(let new):
            snapshot = new
            for status in new.status.sources { sources[status.name]?.device = status.state }
            // A label that has just changed waits for its change, which has the number.
            let recently = Timestamp.now.adding(seconds: -2).description
            for estimate in new.estimates
            where estimate.label == sources[estimate.source]?.estimate.label || estimate.since < recently {
                show(estimate)
            }
        case .change(let change, let replayed): publish(change, replayed: replayed)
        case .estimate(let estimate): show(estimate)
        case .device(let change):
            sources[change.source]?.device = change.state
            showAvailability(change.source)
        case .lost(let count): log.debug("genred dropped \(NumberText.counted(count, "estimate"))")
        case .disconnected(let error, let wasConnected):
            if isNodeOnline {
                isNodeOnline = false
                showStatus()
            }
            if wasConnected || lastDaemonError != error.code { log.warning("\(error); trying again") }
            lastDaemonError = error.code
        }
        noteStatus()
    }

    /// The daemon has a new identity, and so this program has one at the broker.
    private func become(not old: String) {
        memory.former = (memory.former + [old]).suffix(20)
        link.drop()
        delivery.forget()
        retained.clear()
        feed.wantsChanges = false
    }

    private func use(_ new: DaemonSnapshot) {
        let old = levels
        snapshot = new
        levels = SourceLevels(new.estimates.map(\.source))
        if levels != old {
            for collision in levels.collisions {
                log.error(
                    """
                    sources \(quoted(collision.first)) and \(quoted(collision.name)) have the same topics \
                    (\(collision.level)): only the first is published; rename one
                    """)
            }
        }
        let devices = Dictionary(new.status.sources.map { ($0.name, $0.state) }, uniquingKeysWith: { $1 })
        sources = [:]
        for estimate in new.estimates {
            guard let level = levels.levels[estimate.source] else { continue }
            sources[estimate.source] = SourceTopics(
                base: "genred/\(settings.node)/\(level)", estimate: estimate,
                device: devices[estimate.source] ?? .running)
        }
    }

    func noteStatus() {
        let broker = link.isReady ? "connected to" : "waiting for"
        let daemon =
            isNodeOnline ? NumberText.counted(sources.count, "source") : "genred at \(feed.path) does not answer"
        run.notification.status("\(broker) \(settings.broker.text) as \(settings.node); \(daemon)")
    }

    // MARK: The state folder

    func saveMemory(now: Double) {
        memory.position = delivery.position
        guard memory != memoryWritten, now >= nextWrite else { return }
        nextWrite = monotonicSeconds() + 1
        do throws(FileError) {
            try memory.write(memoryPath)
            memoryWritten = memory
            if cannotWrite { log.notice("\(memoryPath) is written again") }
            cannotWrite = false
        } catch {
            if !cannotWrite { log.error("\(error): after a restart, events may come twice") }
            cannotWrite = true
        }
    }
}
