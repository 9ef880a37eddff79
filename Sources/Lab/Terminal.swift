// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Synchronization

/// Standard output and standard error of the program.
enum Terminal {
    static let errorIsTerminal = isatty(STDERR_FILENO) == 1
    /// Whether standard output takes colours.
    static let hasColour = isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil

    /// A line of output.
    static func line(_ text: String) { put(text + "\n", to: STDOUT_FILENO) }

    /// A line of what a person wants to know while the output goes elsewhere; names in it may be anybody's.
    static func note(_ text: String) { put(clean(text) + "\n", to: STDERR_FILENO) }

    static func put(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno != EINTR {
                // What is said beside the result is not worth the work of a night.
                if descriptor != STDOUT_FILENO { return }
                let code = errno
                // Nobody reads any more: that is their choice.
                if code != EPIPE { note("Error: cannot write the output: \(systemMessage(code))") }
                exit(EXIT_FAILURE)
            }
        }
    }

    static func bold(_ text: String) -> String { hasColour ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
    static func dim(_ text: String) -> String { hasColour ? "\u{1B}[2m\(text)\u{1B}[0m" : text }

    /// A name as it can be shown: without control characters.
    static func clean(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "?" : Character($0) })
    }

    /// Columns of equal width, the first to the left, the others to the right.
    static func table(_ rows: [[String]]) -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, text in
                let space = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + space : space + text
            }.joined(separator: "  ")
        }
    }
}

extension Double {
    /// With so many digits after the point.
    func digits(_ count: Int) -> String { String(format: "%.\(count)f", self) }
    /// As a percentage with one digit.
    var percent: String { String(format: "%.1f %%", self * 100) }
    /// Seconds as people say them.
    var duration: String {
        let seconds = Int(self.rounded())
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
        return "\(seconds / 3600) h \(seconds / 60 % 60) min"
    }
}

/// How far a long piece of work is: a bar on a terminal, else a line now and then.
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

    /// One more is done.
    func advance() {
        state.withLock { state in
            state.done += 1
            let now = ContinuousClock.now
            if Terminal.errorIsTerminal {
                guard state.done == total || now - state.lastShown > .milliseconds(100) else { return }
                state.lastShown = now
                let width = 30
                let filled = width * state.done / max(1, total)
                let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
                let text = "\r\(title) \(bar) \(state.done)/\(total)\(remaining(state.done, now))\u{1B}[K"
                Terminal.put(state.done == total ? text + "\n" : text, to: STDERR_FILENO)
            } else if state.done == total || now - state.lastLine > .seconds(10) {
                state.lastLine = now
                Terminal.note("\(title) \(state.done)/\(total)\(remaining(state.done, now))")
            }
        }
    }

    private func remaining(_ done: Int, _ now: ContinuousClock.Instant) -> String {
        guard done < total else { return ", \(((now - start) / .seconds(1)).duration)" }
        return ", \(((now - start) / .seconds(1) / Double(done) * Double(total - done)).duration) left"
    }
}
