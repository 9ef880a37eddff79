// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// The live view's connection to the daemon. It keeps the state up to date, and reconnects after a loss.
final class WatchSession {
    private static let retryInterval = Duration.milliseconds(500)
    /// Counters such as overruns have no notification, so the list of sources is fetched at this interval.
    private static let refreshInterval = Duration.seconds(5)

    var state: WatchState
    private let path: String
    private let source: String?
    private var client: ControlClient?
    private var needsRefresh = false
    /// The time of the next refresh or of the next attempt to connect.
    private(set) var nextRefresh: ContinuousClock.Instant

    /// Connects.
    ///
    /// - Throws: If the daemon cannot be reached now. If it stops later, the session waits for it.
    init(path: String, source: String?) throws(ControlError) {
        self.path = path
        self.source = source
        state = WatchState(path: path, only: source)
        client = try Self.connect(path: path, source: source, state: &state)
        nextRefresh = .now + Self.refreshInterval
    }

    /// The descriptor to poll; -1 without a connection.
    var fileDescriptor: Int32 { client?.fileDescriptor ?? -1 }

    /// Applies all notifications that have arrived and refreshes what is due; false if nothing changed.
    func update() -> Bool {
        let hasNotifications = applyNotifications()
        return refresh() || hasNotifications
    }

    /// Changes the time span of the timeline, and fetches the history that a longer one needs.
    func changeSpan(by step: Int) {
        let before = state.span
        state.changeSpan(by: step)
        guard state.span > before, let client else { return }
        do throws(ControlError) {
            try Self.loadHistory(client, source: source, state: &state)
        } catch {
            lose(error)
        }
    }

    private static func connect(
        path: String, source: String?, state: inout WatchState
    ) throws(ControlError) -> ControlClient {
        let client = try ControlClient(path: path, timeout: .seconds(2))
        let description = try client.describe()
        // Subscribing first misses nothing: changes during the next requests arrive as notifications.
        _ = try client.subscribe(source: source)
        state.version = description.version
        state.palette = Palette(labels: description.model.labels)
        state.update(try client.sources())
        try loadHistory(client, source: source, state: &state)
        state.update(try client.current(source: source))
        state.connection = .connected
        return client
    }

    private static func loadHistory(
        _ client: ControlClient, source: String?, state: inout WatchState
    ) throws(ControlError) {
        let history = try client.history(source: source, since: .ago(state.span), limit: Timeline.capacity)
        state.replaceHistory(history.changes)
    }

    private func applyNotifications() -> Bool {
        guard let client else { return false }
        var isChanged = false
        do throws(ControlError) {
            while let notification = try client.nextNotification() {
                isChanged = true
                if !state.apply(notification) { needsRefresh = true }
                if case .state = notification { needsRefresh = true }
            }
        } catch {
            lose(error)
            return true
        }
        return isChanged
    }

    /// Fetches the list of sources, or reconnects, when that is due; false if it is not.
    private func refresh() -> Bool {
        guard needsRefresh || ContinuousClock.now >= nextRefresh else { return false }
        needsRefresh = false
        if let client {
            nextRefresh = .now + Self.refreshInterval
            do throws(ControlError) {
                state.update(try client.sources())
            } catch {
                lose(error)
            }
            return true
        }
        nextRefresh = .now + Self.retryInterval
        var fresh = state
        guard let client = try? Self.connect(path: path, source: source, state: &fresh) else { return true }
        self.client = client
        state = fresh
        nextRefresh = .now + Self.refreshInterval
        return true
    }

    private func lose(_ error: ControlError) {
        client = nil
        state.connection = .lost(since: .now, reason: error.message)
        nextRefresh = .now + Self.retryInterval
    }
}
