// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc

/// `watch` on a terminal: waits for keys, signals, the daemon and the clock, and redraws.
final class WatchScreen {
    private static let frameInterval = Duration.milliseconds(66)

    private let session: WatchSession
    private let terminal: Terminal
    private let painter = Painter(environment: SocketPath.variable)
    private let signals: SignalQueue
    private var isOver = false
    private var nextFrame = ContinuousClock.now
    private var isChanged = true

    init(_ session: WatchSession, terminal: Terminal) {
        self.session = session
        self.terminal = terminal
        signals = SignalQueue([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH])
    }

    /// Returns on q, on Ctrl-C, or when the time is up.
    func run(until end: ContinuousClock.Instant?) {
        terminal.enter()
        defer { terminal.leave() }
        while !isOver {
            draw()
            var deadline = isChanged ? nextFrame : nextSecond()
            deadline = min(deadline, session.nextRefresh)
            if let end { deadline = min(deadline, end) }
            let ready = Poll.readable([signals.descriptor, terminal.input, session.fileDescriptor], until: deadline)
            if ready[0] { handleSignals() }
            if ready[1] { handleKeys() }
            if session.update() { isChanged = true }
            if let end, ContinuousClock.now >= end { isOver = true }
        }
    }

    private func draw() {
        let now = ContinuousClock.now
        guard isChanged, now >= nextFrame else { return }
        isChanged = false
        nextFrame = now + Self.frameInterval
        let size = terminal.size
        let view = WatchView(
            state: session.state, columns: size.columns, rows: size.rows, painter: painter, now: .now)
        terminal.show(view.lines().map(painter.paint), size: size)
    }

    private func redrawNow() {
        isChanged = true
        nextFrame = .now
    }

    /// Returns the time of the next full second, when the clock and the durations on the screen change.
    private func nextSecond() -> ContinuousClock.Instant {
        isChanged = true
        nextFrame = .now + .milliseconds(1000 - Timestamp.now.milliseconds % 1000)
        return nextFrame
    }

    private func handleKeys() {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(terminal.input, &bytes, bytes.count)
        guard count > 0 else {
            // The terminal is gone; its descriptor would stay readable.
            if count == 0 || (errno != EINTR && errno != EAGAIN) { isOver = true }
            return
        }
        for key in Key.parse(Array(bytes.prefix(count))) { handle(key) }
        redrawNow()
    }

    private func handle(_ key: Key) {
        switch key {
        case .character("q"), .character("Q"): isOver = true
        case .up, .character("k"): session.state.select(by: -1)
        case .down, .character("j"): session.state.select(by: 1)
        case .pageUp: session.state.select(by: -10)
        case .pageDown: session.state.select(by: 10)
        case .home, .character("g"): session.state.select(by: -session.state.sources.count)
        case .end, .character("G"): session.state.select(by: session.state.sources.count)
        case .left, .character("h"), .character("-"): session.changeSpan(by: -1)
        case .right, .character("l"), .character("+"): session.changeSpan(by: 1)
        case .enter: session.state.toggleList()
        case .character: break
        }
    }

    private func handleSignals() {
        while let signal = signals.next() {
            switch signal {
            case SIGINT: isOver = true
            case SIGWINCH: redrawNow()
            case SIGTSTP:
                terminal.leave()
                raise(SIGSTOP)
                // Continued, perhaps with another size.
                terminal.enter()
                redrawNow()
            default:
                terminal.leave()
                SignalQueue.die(of: signal)
            }
        }
    }
}
