// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// Where the audio goes: a FIFO, whose readers come and go, or standard output. Every reader gets a WAV header, then whole
/// frames. It belongs to one thread, and never waits.
final class AudioOutput {
    /// The bytes that wait for a slow reader; then the station waits too.
    static let mostPending = 64 * 1024

    private let fifo: String?
    /// -1 without a reader.
    private(set) var descriptor: Int32
    private var isHeaderDue = true
    private var pending: [UInt8] = []
    /// The bytes at the end of `pending` that are no whole frame yet.
    private var tornBytes: Int { pending.count % DecoderPlan.frameBytes }
    /// Since when nobody reads; nil while somebody does.
    private(set) var readerlessSince: Double?

    /// - Parameter fifo: its path; nil for standard output.
    init(fifo: String?, at now: Double) {
        self.fifo = fifo
        descriptor = fifo == nil ? STDOUT_FILENO : -1
        readerlessSince = fifo == nil ? nil : now
    }

    deinit { if fifo != nil, descriptor >= 0 { close(descriptor) } }

    var hasReader: Bool { descriptor >= 0 }
    /// Whether it takes more.
    var hasRoom: Bool { !hasReader || pending.count < Self.mostPending }
    /// Whether something waits until the reader takes it.
    var isWaiting: Bool { hasReader && (pending.count >= DecoderPlan.frameBytes || isHeaderDue) }
    /// Whether standard output is closed at its other end.
    private(set) var isClosed = false

    /// Takes audio; without a reader it is dropped.
    func take(_ bytes: ArraySlice<UInt8>) {
        pending += bytes
        if !hasReader { dropFrames() }
    }

    /// The decoder ended: what is left of its last frame is dropped.
    func endDecoder() { pending.removeLast(tornBytes) }

    /// Keeps only the beginning of a frame whose rest will come.
    private func dropFrames() { pending.removeFirst(pending.count - tornBytes) }

    /// Looks whether a reader has come or gone, and gives it what it takes.
    func flush(at now: Double) {
        if descriptor < 0 { open(at: now) }
        while descriptor >= 0 {
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&entry, 1, 0)
            if entry.revents & Int16(POLLERR | POLLNVAL) != 0 { return lose(at: now) }
            guard isWaiting, entry.revents & Int16(POLLOUT) != 0 else { return }
            guard write(at: now) else { return }
        }
    }

    private func open(at now: Double) {
        guard let fifo else { return }
        // Fails with ENXIO while nobody reads.
        let opened = Glibc.open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)
        guard opened >= 0 else { return }
        descriptor = opened
        isHeaderDue = true
        readerlessSince = nil
    }

    /// Writes what a pipe that is ready takes as a whole, and so never a part of a frame, and never waits. Returns false
    /// if nothing was taken.
    private func write(at now: Double) -> Bool {
        let most = Int(PIPE_BUF)
        let frames = min(most, pending.count - tornBytes)
        let bytes = isHeaderDue ? WAVStart.bytes[...] : pending[..<frames]
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count > 0 {
            if isHeaderDue { isHeaderDue = false } else { pending.removeFirst(count) }
            return true
        }
        if count < 0, errno == EINTR { return true }
        if count < 0, errno != EAGAIN { lose(at: now) }
        return false
    }

    /// The reader is gone. What it did not take is not for the next one.
    private func lose(at now: Double) {
        guard fifo != nil else {
            isClosed = true
            descriptor = -1
            return
        }
        close(descriptor)
        descriptor = -1
        readerlessSince = now
        dropFrames()
    }
}
