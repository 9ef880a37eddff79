// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// What a daemon reports, read one event at a time: every change of label in order and without a hole, over restarts of
/// the daemon, and estimates and states of devices as they come.
///
/// It connects by itself, again and again. Changes that were missed, because the daemon was away, because this program
/// was, or because `wantsChanges` was false for long, are read from the daemon's history in pages, so that memory does
/// not grow with the length of an outage. An outlet that is slow simply takes the next event later: the daemon then
/// drops estimates, and never waits.
///
/// It is not Sendable: only one thread at a time may use it.
final class DaemonFeed {
    /// The most changes in one page of the history, and the most that wait here.
    static let page = 500
    /// How often the list of sources and the model are read again: a reload is not announced to clients.
    static let refreshInterval = 10.0

    let path: String
    /// Whether `next` returns changes. While it is false, the latest wait here, and the others in the history.
    var wantsChanges = true

    private let events: [EventKind]
    private var client: ControlClient?
    private var snapshot: DaemonSnapshot? { didSet { names = Set(snapshot?.estimates.map(\.source) ?? []) } }
    private var names: Set<String> = []
    /// The number of each source's newest change, whether or not `next` has returned it.
    private(set) var seqs: [String: Int] = [:]
    private var changes: ChangeSequence
    private var backoff: Backoff
    private var nextAttempt = 0.0
    private var nextRefresh = 0.0
    /// When the history is read on, after a failure of the daemon's disk.
    private var nextPage = 0.0
    private var pageBackoff = Backoff(least: 1, most: 30, spread: 0.2)

    /// - Parameters:
    ///   - path: the daemon's control socket.
    ///   - position: the last change that was handled before; nil to begin with the changes from now on.
    ///   - events: what to subscribe to. Without `state`, sources that a reload adds are noticed later.
    ///   - longestWait: the most seconds between two attempts to reach a daemon that is away.
    init(
        path: String, after position: FeedPosition? = nil, events: [EventKind] = EventKind.allCases,
        longestWait: Double = 30
    ) {
        backoff = Backoff(least: 1, most: longestWait, spread: 0.2)
        self.path = path
        self.events = events
        changes = ChangeSequence(after: position)
    }

    /// The last change that was returned, or where to begin; nil to begin with the changes from now on.
    var position: FeedPosition? { changes.position }

    /// Continues after another change: those that follow it are returned again.
    func seek(_ position: FeedPosition) { changes = ChangeSequence(after: position) }

    /// The descriptor to poll besides others; nil while not connected. Before polling, call `next` until it returns nil:
    /// what has arrived already makes no descriptor readable. Whether or not it is readable, call `next` once a second,
    /// to connect again or to read the sources again, and after setting `wantsChanges`.
    var descriptor: Int32? { client?.fileDescriptor }

    /// Returns the next event; nil when none comes in time. A timeout of zero does not wait, except for answers of the
    /// daemon (5 s at most for each) when it connects or reads the history.
    func next(timeout: Duration = .zero) -> FeedEvent? {
        let deadline = ContinuousClock.now + timeout
        while true {
            do throws(ControlError) {
                switch try step(deadline: deadline) {
                case .event(let event): return event
                case .again: break
                case .idle: if ContinuousClock.now >= deadline { return nil }
                }
            } catch {
                return disconnect(error)
            }
        }
    }

    private enum Step {
        case event(FeedEvent)
        /// There may be more at once.
        case again
        /// Nothing has come.
        case idle
    }

    /// Makes one request, or waits for one notification.
    private func step(deadline: ContinuousClock.Instant) throws(ControlError) -> Step {
        guard let client else { return try reconnect(deadline: deadline) }
        let now = monotonicSeconds()
        if wantsChanges, now >= nextPage, let event = try nextChange(client, now: now) { return .event(event) }
        if now >= nextRefresh { return .event(try refresh(client)) }
        let wait = min(ContinuousClock.now.duration(to: deadline), .seconds(nextRefresh - now))
        guard let notification = try client.nextNotification(timeout: max(wait, .zero)) else { return .idle }
        return take(notification)
    }

    private func nextChange(_ client: ControlClient, now: Double) throws(ControlError) -> FeedEvent? {
        do throws(ControlError) {
            let event = try changes.next { seq throws(ControlError) in
                let page = try client.history(after: seq, limit: Self.page)
                pageBackoff.reset()
                return page
            }
            return event
        } catch {
            // The daemon is well and its disk is not: the changes wait for that, and everything else goes on.
            guard case .answered(let answer) = error.code, answer.code == .historyUnavailable else { throw error }
            nextPage = now + pageBackoff.next()
            return nil
        }
    }

    private func take(_ notification: Notification) -> Step {
        switch notification {
        case .estimate(let estimate):
            // A reload has added a source or changed the model.
            if !isKnown(estimate) { nextRefresh = 0 }
            return .event(.estimate(estimate))
        case .state(let change):
            nextRefresh = 0
            return .event(.device(change))
        case .lost(let lost): return .event(.lost(lost.estimates))
        case .change(let change):
            // Perhaps a reload has removed the source.
            if change.to == Change.stopped { nextRefresh = 0 }
            seqs[change.source] = change.seq
            changes.arrived(change)
            return .again
        }
    }

    // MARK: Connecting

    /// Seconds until the next attempt to connect, which `next` makes; 0 while connected.
    var secondsToAttempt: Double { client == nil ? max(0, nextAttempt - monotonicSeconds()) : 0 }

    private func reconnect(deadline: ContinuousClock.Instant) throws(ControlError) -> Step {
        let wait = secondsToAttempt
        guard wait <= 0 else {
            pause(min(.seconds(wait), ContinuousClock.now.duration(to: deadline)))
            return .idle
        }
        let client = try ControlClient(path: path)
        let newest = try client.history(limit: 1000).changes
        // Subscribed before the history is read on from the position, so that no change falls between them.
        _ = try client.subscribe(events: events)
        let new = try read(client)
        snapshot = new
        seqs = Dictionary(newest.map { ($0.source, $0.seq) }, uniquingKeysWith: { $1 })
        changes.connected(to: new.description.instance, newest: newest.last?.seq ?? 0)
        self.client = client
        backoff.reset()
        return .event(.connected(new))
    }

    /// Reads sources and model again.
    private func refresh(_ client: ControlClient) throws(ControlError) -> FeedEvent {
        let before = snapshot
        let after = try read(client)
        if let before, before.description.instance != after.description.instance {
            throw ControlError(.closed, "genred at \(path) numbers its changes anew")
        }
        snapshot = after
        return before.map(after.hasSameShape) == true ? .refreshed(after) : .reloaded(after)
    }

    private func read(_ client: ControlClient) throws(ControlError) -> DaemonSnapshot {
        nextRefresh = monotonicSeconds() + Self.refreshInterval
        return DaemonSnapshot(
            description: try client.describe(), status: try client.status(), estimates: try client.current())
    }

    private func isKnown(_ estimate: Estimate) -> Bool {
        names.contains(estimate.source)
            && estimate.probabilities.count == snapshot?.description.model.labels.count
    }

    private func disconnect(_ error: ControlError) -> FeedEvent {
        let wasConnected = client != nil
        client = nil
        nextAttempt = monotonicSeconds() + backoff.next()
        return .disconnected(error, wasConnected: wasConnected)
    }
}
