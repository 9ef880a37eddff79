// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc

/// `watch` on a terminal: waits for keys, signals, the daemon and the clock, and redraws.
final class WatchScreen {
    private static let frameInterval = Duration.milliseconds(66)
    private static let retryInterval = Duration.milliseconds(500)
    /// Counters such as overruns come with no notification.
    private static let refreshInterval = Duration.seconds(5)

    private let path: String
    private let source: String?
    private let terminal: Terminal
    private let painter = Painter(environment: SocketPath.variable)
    private let signals: SignalQueue
    private var client: ControlClient?
    private var state: WatchState
    private var isOver = false
    private var needsRefresh = false
    private var nextFrame = ContinuousClock.now
    private var nextRefresh = ContinuousClock.now
    private var isChanged = true

    /// Connects; a daemon that is not there now is an error, one that goes later is waited for.
    init(path: String, source: String?, terminal: Terminal) throws {
        self.path = path
        self.source = source
        self.terminal = terminal
        state = WatchState(path: path, only: source)
        let client = try Self.connect(path: path, source: source, state: &state)
        self.client = client
        nextRefresh = .now + Self.refreshInterval
        signals = SignalQueue([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH])
    }

    /// Returns on q, Ctrl-C, or when the time is up.
    func run(until end: ContinuousClock.Instant?) throws {
        terminal.enter()
        defer { terminal.leave() }
        while !isOver {
            draw()
            var deadline = isChanged ? nextFrame : nextSecond()
            deadline = min(deadline, nextRefresh)
            if let end { deadline = min(deadline, end) }
            let ready = Poll.readable(
                [signals.descriptor, terminal.input, client?.fileDescriptor ?? -1], until: deadline)
            if ready[0] { takeSignals() }
            if ready[1] { takeKeys() }
            takeNotifications()
            refresh()
            if let end, ContinuousClock.now >= end { isOver = true }
        }
    }

    // MARK: The daemon

    private static func connect(path: String, source: String?, state: inout WatchState) throws
        -> ControlClient
    {
        let client = try ControlClient(path: path, timeout: .seconds(2))
        let description = try client.describe()
        // Subscribed first: what changes while the rest is fetched arrives as notifications.
        _ = try client.subscribe(source: source)
        state.version = description.version
        state.palette = Palette(labels: description.model.labels)
        state.update(try client.sources())
        try loadHistory(client, source: source, state: &state)
        state.update(try client.current(source: source))
        state.connection = .connected
        return client
    }

    private static func loadHistory(_ client: ControlClient, source: String?, state: inout WatchState)
        throws
    {
        let changes = try client.history(
            source: source, since: .ago(state.span), limit: Timeline.capacity
        ).changes
        state.replaceHistory(changes)
    }

    private func takeNotifications() {
        guard let client else { return }
        do {
            while let notification = try client.nextNotification() {
                isChanged = true
                if !state.apply(notification) { needsRefresh = true }
                if case .state = notification { needsRefresh = true }
            }
        } catch {
            lose(error)
        }
    }

    /// The list of sources anew, or the connection.
    private func refresh() {
        guard needsRefresh || ContinuousClock.now >= nextRefresh else { return }
        needsRefresh = false
        isChanged = true
        if let client {
            nextRefresh = .now + Self.refreshInterval
            do {
                state.update(try client.sources())
            } catch {
                lose(error)
            }
            return
        }
        nextRefresh = .now + Self.retryInterval
        var fresh = state
        guard let client = try? Self.connect(path: path, source: source, state: &fresh) else { return }
        self.client = client
        state = fresh
        nextRefresh = .now + Self.refreshInterval
    }

    private func lose(_ error: any Error) {
        let reason = (error as? ControlError)?.message ?? "it answered what nobody asked"
        client = nil
        state.connection = .lost(since: .now, reason: reason)
        nextRefresh = .now + Self.retryInterval
        isChanged = true
    }

    // MARK: The terminal

    private func draw() {
        let now = ContinuousClock.now
        guard isChanged, now >= nextFrame else { return }
        isChanged = false
        nextFrame = now + Self.frameInterval
        let size = terminal.size
        let view = WatchView(
            state: state, columns: size.columns, rows: size.rows, painter: painter, now: .now)
        terminal.show(view.lines().map(painter.paint), size: size)
    }

    /// When the clock and the ages change; by then there is something to draw.
    private func nextSecond() -> ContinuousClock.Instant {
        isChanged = true
        nextFrame = .now + .milliseconds(1000 - Timestamp.now.milliseconds % 1000)
        return nextFrame
    }

    private func takeKeys() {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(terminal.input, &bytes, bytes.count)
        guard count > 0 else {
            // The terminal is gone, and would be readable for ever.
            if count == 0 || (errno != EINTR && errno != EAGAIN) { isOver = true }
            return
        }
        for key in Key.parse(Array(bytes.prefix(count))) { take(key) }
        isChanged = true
        nextFrame = .now
    }

    private func take(_ key: Key) {
        switch key {
        case .character("q"), .character("Q"): isOver = true
        case .up, .character("k"): state.select(by: -1)
        case .down, .character("j"): state.select(by: 1)
        case .pageUp: state.select(by: -10)
        case .pageDown: state.select(by: 10)
        case .home, .character("g"): state.select(by: -state.sources.count)
        case .end, .character("G"): state.select(by: state.sources.count)
        case .left, .character("h"), .character("-"): changeSpan(by: -1)
        case .right, .character("l"), .character("+"): changeSpan(by: 1)
        case .enter: state.toggleList()
        case .character: break
        }
    }

    private func changeSpan(by step: Int) {
        let before = state.span
        state.changeSpan(by: step)
        guard state.span > before, let client else { return }
        do {
            try Self.loadHistory(client, source: source, state: &state)
        } catch {
            lose(error)
        }
    }

    private func takeSignals() {
        while let signal = signals.next() {
            switch signal {
            case SIGINT: isOver = true
            case SIGWINCH:
                isChanged = true
                nextFrame = .now
            case SIGTSTP:
                terminal.leave()
                raise(SIGSTOP)
                // Continued: by now the window may have another size.
                terminal.enter()
                isChanged = true
                nextFrame = .now
            default:
                terminal.leave()
                SignalQueue.die(of: signal)
            }
        }
    }
}
