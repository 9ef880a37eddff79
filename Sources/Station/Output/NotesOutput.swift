// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// What a station says of itself and of what it plays: a line of JSON for each change, in a FIFO. A reader that comes gets
/// the present state and title at once. Nobody has to read them. It belongs to one thread, and never waits.
final class NotesOutput {
    /// Seconds between two lines of a kind, so that the reader takes every one: what changes faster is seen as it was last.
    private static let pause = 0.25
    /// Seconds after which everything is said again: a reader that comes before another has gone is not noticed.
    private static let repetition = 10.0

    private struct StateNote: Encodable {
        var state: StationState
        var detail: String?
    }

    private struct TitleNote: Encodable {
        var title: String
    }

    private let fifo: String?
    private var descriptor: Int32 = -1
    private var state = StateNote(state: .connecting)
    private(set) var title: String?
    private var isStateDue = true
    private var isTitleDue = true
    private var nextLine = 0.0
    private var lastLine = 0.0

    /// - Parameter fifo: its path; nil if nobody can ask for notes.
    init(fifo: String?) { self.fifo = fifo }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func set(_ state: StationState, _ detail: String?) {
        let detail = detail.map { String(printable($0).unicodeScalars.prefix(300)) }
        guard state != self.state.state || detail != self.state.detail else { return }
        self.state = StateNote(state: state, detail: detail)
        isStateDue = true
    }

    /// - Parameter title: empty if nothing is said to be playing.
    func set(title: String) {
        guard title != self.title ?? "" else { return }
        self.title = title
        isTitleDue = true
    }

    /// Writes what is due, now even if the last line is only a moment old.
    func flushNow() {
        nextLine = 0
        flush(at: monotonicSeconds())
    }

    /// Looks whether a reader has come or gone, and writes what is due.
    func flush(at now: Double) {
        guard let fifo else { return }
        if descriptor >= 0 {
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&entry, 1, 0)
            if entry.revents & Int16(POLLERR | POLLNVAL) != 0 { lose() }
        }
        if descriptor < 0 {
            descriptor = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { return }
            (isStateDue, isTitleDue) = (true, title != nil)
            nextLine = 0
        }
        if now - lastLine >= Self.repetition { (isStateDue, isTitleDue) = (true, title != nil) }
        guard isStateDue || isTitleDue, now >= nextLine else { return }
        lastLine = now
        nextLine = now + Self.pause
        if isStateDue, write(state) { isStateDue = false }
        if isTitleDue, let title, write(TitleNote(title: title)) { isTitleDue = false }
    }

    /// Returns false if the FIFO is full or without a reader.
    private func write(_ note: some Encodable) -> Bool {
        guard descriptor >= 0, let line = try? JSON.line(note), line.count <= Int(PIPE_BUF) else { return false }
        // A line this short is written as a whole or not at all.
        let count = line.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno != EAGAIN, errno != EINTR { lose() }
        return count == line.count
    }

    private func lose() {
        close(descriptor)
        descriptor = -1
    }

    /// To be waited for without any event: its error is that the reader is gone.
    var waited: Int32? { descriptor >= 0 ? descriptor : nil }
}
