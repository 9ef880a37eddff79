// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc
import Synchronization

/// Writes lines to standard error without ever waiting: a line that a full pipe, a stopped terminal or a full disk
/// does not take is dropped and counted.
package final class StandardError: Sendable {
    package static let shared = StandardError(descriptor: STDERR_FILENO)

    private let descriptor: Int32
    private struct State {
        /// Lines dropped since the last one that was written.
        var lost = 0
        /// Whether a full disk took only a part of the last line.
        var isTorn = false
    }

    private let state = Mutex(State())

    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// Writes a line, newline included, after a line about those lost before it.
    package func write(_ line: String, lostLine: (Int) -> String = { _ in "" }) {
        state.withLock { state in
            guard isWritable else {
                state.lost += 1
                return
            }
            let text = (state.isTorn ? "\n" : "") + (state.lost > 0 ? lostLine(state.lost) : "") + line
            // Short enough that a pipe which `poll` reports as writable takes it whole.
            var bytes = Array(text.utf8.prefix(Int(PIPE_BUF)))
            if bytes.count == Int(PIPE_BUF) { bytes[bytes.count - 1] = UInt8(ascii: "\n") }
            var count = 0
            repeat { count = Glibc.write(descriptor, bytes, bytes.count) } while count < 0 && errno == EINTR
            state.lost = count < bytes.count ? state.lost + 1 : 0
            if count > 0 { state.isTorn = bytes[count - 1] != UInt8(ascii: "\n") }
        }
    }

    private var isWritable: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&entry, 1, 0) == 1 && entry.revents & Int16(POLLOUT) != 0
    }

    /// Whether standard error is connected to the journal, by the value of JOURNAL_STREAM (systemd.exec(5)).
    package func isJournal(_ variable: String?) -> Bool {
        guard let fields = variable?.split(separator: ":"), fields.count == 2 else { return false }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        return UInt64(fields[0]) == UInt64(status.st_dev) && UInt64(fields[1]) == UInt64(status.st_ino)
    }
}
