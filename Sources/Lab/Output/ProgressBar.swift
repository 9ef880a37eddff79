// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Synchronization

/// Progress of a long piece of work: a bar on a terminal, otherwise a line every ten seconds.
final class ProgressBar: Sendable {
    private struct State {
        var done = 0
        var lastShown = ContinuousClock.now
        var lastLine = ContinuousClock.now
    }

    private let total: Int
    private let title: String
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    init(_ title: String, total: Int) {
        self.title = title
        self.total = total
    }

    /// Counts one more as done.
    func advance() {
        state.withLock { state in
            state.done += 1
            let now = ContinuousClock.now
            if Output.errorIsTerminal {
                guard state.done == total || now - state.lastShown > .milliseconds(100) else { return }
                state.lastShown = now
                let width = 30
                let filled = width * state.done / max(1, total)
                let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
                let text = "\r\(title) \(bar) \(state.done)/\(total)\(remaining(state.done, now))\u{1B}[K"
                Output.progress(state.done == total ? text + "\n" : text)
            } else if state.done == total || now - state.lastLine > .seconds(10) {
                state.lastLine = now
                Output.note("\(title) \(state.done)/\(total)\(remaining(state.done, now))")
            }
        }
    }

    private func remaining(_ done: Int, _ now: ContinuousClock.Instant) -> String {
        let elapsed = (now - start) / .seconds(1)
        guard done < total else { return ", \(DurationText.text(elapsed))" }
        return ", \(DurationText.text(elapsed / Double(done) * Double(total - done))) left"
    }
}
