// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// What a daemon reports, read one event at a time: every change of label in order and without a hole, over restarts of
/// the daemon, and estimates and states of devices as they come.
///
/// It connects by itself, again and again. Changes that were missed, because the daemon was away, because this program
/// was, or because `wantsChanges` was false, are read from the daemon's history in pages, so that memory does not grow
/// with the length of an outage. An outlet that is slow simply takes the next event later: the daemon then drops
/// estimates, and never waits.
///
/// It is not Sendable: only one thread at a time may use it.
final class DaemonFeed {
    /// The most changes in one page of the history.
    static let page = 500
    /// How often the list of sources and the model are read again: a reload is not announced to clients.
    static let refreshInterval = 10.0

    let path: String
    /// The last change that was returned, or where to begin; nil to begin with the changes from now on.
    private(set) var position: FeedPosition?
    /// Whether `next` returns changes. While it is false, they are left to the history.
    var wantsChanges = true {
        didSet { if wantsChanges, !oldValue { isBehind = true } }
    }

    private let events: [EventKind]
    private var client: ControlClient?
    private var snapshot: DaemonSnapshot?
    private var backoff = Backoff(least: 1, most: 30)
    private var nextAttempt = 0.0
    private var nextRefresh = 0.0
    /// Whether changes wait in the history.
    private var isBehind = false
    /// Changes that were read from the history and not returned yet, the next one last.
    private var replay: [Change] = []
    /// Changes that arrived in the meantime wait behind those.
    private var queue: [FeedEvent] = []

    /// - Parameters:
    ///   - path: the daemon's control socket.
    ///   - position: the last change that was handled before; nil to begin with the changes from now on.
    ///   - events: what to subscribe to. Without `state`, sources that a reload adds are noticed later.
    init(path: String, after position: FeedPosition? = nil, events: [EventKind] = EventKind.allCases) {
        self.path = path
        self.position = position
        self.events = events
    }

    /// The descriptor to poll besides others: it is readable when `next` may return something. Nil while not connected:
    /// then call `next` at least once a second.
    var descriptor: Int32? { client?.fileDescriptor }

    /// Whether `next` has something to return, or to do, at once, whatever `descriptor` says.
    var isReady: Bool { !queue.isEmpty || (wantsChanges && (isBehind || !replay.isEmpty)) }

    /// Returns the next event; nil when none comes in time. A timeout of zero does not wait, except for answers of the
    /// daemon (5 s at most) when it connects or reads the history.
    func next(timeout: Duration = .zero) -> FeedEvent? {
        let deadline = ContinuousClock.now + timeout
        while true {
            do throws(ControlError) {
                if let event = try step(deadline: deadline) { return event }
            } catch {
                return disconnect(error)
            }
            if ContinuousClock.now >= deadline { return nil }
        }
    }

    /// Makes one request, or waits for one notification.
    private func step(deadline: ContinuousClock.Instant) throws(ControlError) -> FeedEvent? {
        if !queue.isEmpty { return queue.removeFirst() }
        guard let client else { return try reconnect(deadline: deadline) }
        if wantsChanges, let event = try nextMissedChange(client) { return event }
        let now = monotonicSeconds()
        if now >= nextRefresh, let event = try refresh(client, now: now) { return event }
        let wait = min(ContinuousClock.now.duration(to: deadline), .seconds(nextRefresh - now))
        guard let notification = try client.nextNotification(timeout: max(wait, .zero)) else { return nil }
        return take(notification)
    }

    private func take(_ notification: Notification) -> FeedEvent? {
        switch notification {
        case .estimate(let estimate):
            // A reload has added a source or changed the model.
            if !isKnown(estimate) { nextRefresh = 0 }
            return .estimate(estimate)
        case .state(let change):
            nextRefresh = 0
            return .device(change)
        case .lost(let lost): return .lost(lost.estimates)
        case .change(let change):
            if change.to == Change.stopped { nextRefresh = 0 }
            guard wantsChanges else { return nil }
            return deliver(change)
        }
    }

    /// Returns a change that has just happened, unless it is known or others come before it.
    private func deliver(_ change: Change) -> FeedEvent? {
        guard let position else { return nil }
        if change.seq <= position.seq { return nil }
        guard change.seq == position.seq + 1 else {
            // A number may be missing in the history, too: of a daemon that was killed.
            isBehind = true
            return nil
        }
        self.position?.seq = change.seq
        return .change(change, replayed: false)
    }

    private func nextMissedChange(_ client: ControlClient) throws(ControlError) -> FeedEvent? {
        if replay.isEmpty, isBehind, let position {
            let result = try client.history(after: position.seq, limit: Self.page)
            replay = result.changes.filter { $0.seq > position.seq }.reversed()
            isBehind = result.more && !replay.isEmpty
        }
        guard let change = replay.popLast() else { return nil }
        position?.seq = change.seq
        return .change(change, replayed: true)
    }

    // MARK: Connecting

    private func reconnect(deadline: ContinuousClock.Instant) throws(ControlError) -> FeedEvent? {
        let wait = nextAttempt - monotonicSeconds()
        guard wait <= 0 else {
            // Sleeps in the system call of an empty poll, which a signal ends.
            pause(min(.seconds(wait), ContinuousClock.now.duration(to: deadline)))
            return nil
        }
        let client = try ControlClient(path: path)
        // Subscribed first, so that no change falls between the history and the subscription.
        _ = try client.subscribe(events: events)
        let snapshot = try read(client)
        if position?.instance != snapshot.description.instance {
            // A daemon that was never heard begins now; one that has a new identity begins with its first change.
            let newest = position == nil ? try client.history(limit: 1).changes.last?.seq ?? 0 : 0
            position = FeedPosition(instance: snapshot.description.instance, seq: newest)
        }
        self.client = client
        isBehind = true
        replay = []
        backoff.reset()
        return .connected(snapshot)
    }

    /// Reads sources and model again; returns an event if they have changed.
    private func refresh(_ client: ControlClient, now: Double) throws(ControlError) -> FeedEvent? {
        let before = snapshot
        let after = try read(client)
        return before.map(after.hasSameShape) == true ? .refreshed(after) : .reloaded(after)
    }

    private func read(_ client: ControlClient) throws(ControlError) -> DaemonSnapshot {
        let snapshot = DaemonSnapshot(
            description: try client.describe(), status: try client.status(), estimates: try client.current())
        self.snapshot = snapshot
        nextRefresh = monotonicSeconds() + Self.refreshInterval
        return snapshot
    }

    private func isKnown(_ estimate: Estimate) -> Bool {
        guard let snapshot else { return false }
        return snapshot.estimates.contains { $0.source == estimate.source }
            && estimate.probabilities.count == snapshot.description.model.labels.count
    }

    private func disconnect(_ error: ControlError) -> FeedEvent? {
        let wasConnected = client != nil
        client = nil
        replay = []
        nextAttempt = monotonicSeconds() + backoff.next()
        return .disconnected(error, wasConnected: wasConnected)
    }
}

/// An event of a `DaemonFeed`.
enum FeedEvent: Sendable {
    /// Connected, for the first time or again: everything that is known now.
    case connected(DaemonSnapshot)
    /// A reload has changed the model or the sources: everything that is known now.
    case reloaded(DaemonSnapshot)
    /// The same sources and model, read again: counters, devices, estimates.
    case refreshed(DaemonSnapshot)
    /// A change of label; `replayed` if it was read from the history.
    case change(Change, replayed: Bool)
    case estimate(Estimate)
    case device(DeviceChange)
    /// The daemon dropped this many estimates, because this program was too slow.
    case lost(Int)
    /// The daemon cannot be reached, or no longer. Comes again with each attempt.
    case disconnected(ControlError, wasConnected: Bool)
}

/// Everything that a daemon says of itself at one time.
struct DaemonSnapshot: Sendable {
    var description: Description
    var status: DaemonStatus
    var estimates: [Estimate]

    /// Whether the other snapshot has the same sources and the same model, so that what was announced still holds.
    func hasSameShape(as other: DaemonSnapshot) -> Bool {
        description == other.description && estimates.map(\.source) == other.estimates.map(\.source)
    }
}

/// A place in a daemon's changes: all up to `seq` were handled.
struct FeedPosition: Codable, Sendable, Equatable {
    /// `Description.instance`.
    var instance: String
    var seq: Int
}
