// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Logging
import NIOCore

/// What the daemon says now, and the streams of events that pass it on.
///
/// It is only used on the server's event loop.
final class EventHub {
    let loop: any EventLoop
    private let history: ControlQueries
    private let log: Logger
    /// Called with a line for people when the daemon goes or comes.
    private let report: (String) -> Void

    private(set) var snapshot: DaemonSnapshot?
    /// Why the daemon cannot be reached; nil while it can.
    private(set) var reason: String? = "genred was not reached yet"
    /// The newest change that the feed has seen: all up to it are in the history. Nil before the first connection.
    private(set) var newestSeq: Int?
    /// Counts the instances of the daemon: numbers of changes of different ones cannot be compared.
    private(set) var generation = 0
    private var streams: [ObjectIdentifier: EventStream] = [:]
    /// The newest estimate of each source, as an event.
    private var estimates: [String: ByteBuffer] = [:]
    private var isAwayLogged = false

    init(loop: any EventLoop, history: ControlQueries, log: Logger, report: @escaping (String) -> Void) {
        self.loop = loop
        self.history = history
        self.log = log
        self.report = report
    }

    // MARK: The daemon

    /// Passes on what the feed has read.
    ///
    /// - Parameter position: the feed's position after these events.
    func take(_ events: [FeedEvent], position: FeedPosition?) {
        for event in events { take(event, position: position) }
        if let position { newestSeq = max(newestSeq ?? 0, position.seq) }
        for stream in streams.values { stream.flush() }
    }

    private func take(_ event: FeedEvent, position: FeedPosition?) {
        switch event {
        case .connected(let snapshot): connected(snapshot, position: position)
        case .reloaded(let snapshot):
            use(snapshot)
            announce(DaemonEvent(state: .reloaded, instance: snapshot.description.instance))
        case .refreshed(let snapshot): use(snapshot)
        case .estimate(let estimate):
            guard let text = EventText.estimate(estimate) else { return }
            estimates[estimate.source] = text
            for stream in streams.values { stream.offer(estimate: text, of: estimate.source) }
        case .change(let change, _):
            newestSeq = change.seq
            guard let text = EventText.change(change) else { return }
            for stream in streams.values { stream.offer(change: text, change) }
        case .device(let change):
            if let index = snapshot?.status.sources.firstIndex(where: { $0.name == change.source }) {
                snapshot?.status.sources[index].state = change.state
                snapshot?.status.sources[index].message = change.message
            }
            guard let text = EventText.state(change) else { return }
            for stream in streams.values { stream.offer(state: text, of: change.source) }
        case .lost(let count):
            for stream in streams.values { stream.lose(count) }
        case .disconnected(let error, _): disconnected(error.message)
        }
    }

    private func connected(_ new: DaemonSnapshot, position: FeedPosition?) {
        let instance = new.description.instance
        if let old = snapshot, old.description.instance != instance {
            // Its changes are numbered anew, and the feed begins with the first one.
            generation += 1
            newestSeq = 0
            for stream in streams.values { stream.restart() }
        } else if newestSeq == nil, let position, position.instance == instance {
            newestSeq = position.seq
            for stream in streams.values { stream.meet(newest: position.seq) }
        }
        reason = nil
        use(new)
        if isAwayLogged { log.notice("genred is back") }
        isAwayLogged = false
        report("genred \(new.description.version) is connected")
        announce(daemonEvent)
        for stream in streams.values {
            for source in new.estimates.map(\.source) {
                if let text = estimates[source] { stream.offer(estimate: text, of: source) }
            }
            stream.proceed()
        }
    }

    private func disconnected(_ message: String) {
        let isNew = reason == nil || !isAwayLogged
        reason = message
        guard isNew else { return }
        log.warning("\(message); trying again until it answers")
        isAwayLogged = true
        report(message)
        announce(daemonEvent)
    }

    private func use(_ new: DaemonSnapshot) {
        snapshot = new
        estimates = [:]
        for estimate in new.estimates { estimates[estimate.source] = EventText.estimate(estimate) }
    }

    private var daemonEvent: DaemonEvent {
        DaemonEvent(
            state: reason == nil ? .back : .away, message: reason, instance: snapshot?.description.instance)
    }

    private func announce(_ event: DaemonEvent) {
        guard let text = EventText.daemon(event) else { return }
        for stream in streams.values { stream.offer(daemon: text) }
    }

    // MARK: Streams

    /// The events that a stream begins with.
    func beginning(source: String?) -> [ByteBuffer] {
        let known = (snapshot?.estimates ?? []).map(\.source).filter { source == nil || $0 == source }
        return [EventText.daemon(daemonEvent)].compactMap { $0 } + known.compactMap { estimates[$0] }
    }

    /// The event that says whether the daemon can be reached.
    var daemonText: ByteBuffer? { EventText.daemon(daemonEvent) }

    /// The state of a source's device, as an event; nil for a source that is gone.
    func stateText(of source: String) -> ByteBuffer? {
        guard let status = snapshot?.status.sources.first(where: { $0.name == source }) else { return nil }
        return EventText.state(
            DeviceChange(
                source: source, time: Timestamp.now.description, state: status.state, message: status.message))
    }

    func insert(_ stream: EventStream) { streams[ObjectIdentifier(stream)] = stream }

    func remove(_ stream: EventStream) { streams[ObjectIdentifier(stream)] = nil }

    /// Reads a page of the history.
    func changes(after seq: Int, source: String?) -> EventLoopFuture<HistoryResult> {
        history.ask(on: loop) { client in
            try client.history(source: source, after: seq, limit: DaemonFeed.page)
        }
    }

    /// Lets every stream do what is due.
    func tick() {
        for stream in streams.values {
            stream.tick()
            stream.flush()
        }
    }
}
