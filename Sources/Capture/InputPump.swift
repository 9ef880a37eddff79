// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Dispatch
import Glibc
import Synchronization

/// Copies standard input into a pipe, on a thread that may block. It is needed where standard input is a file, a device,
/// a socket or another user's pipe, which cannot be read without blocking or cannot be polled.
final class InputPump: Sendable {
    /// The pump's creator closes it.
    let readEnd: Int32
    private let writeEnd: Int32
    private let signal: StopSignal
    private let error = Mutex<CaptureError?>(nil)

    /// Bytes per read.
    private static let capacity = 64 << 10

    /// Starts copying, until standard input ends, the read end is closed, or `stop` is called.
    init() throws(CaptureError) {
        signal = try StopSignal()
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw CaptureError(
                .cannotOpen, "no file descriptor is left for standard input: \(systemMessage(errno))", call: "pipe",
                errno: errno)
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
        DispatchQueue(label: "standard input").async { self.run() }
    }

    /// The reason if the pipe ended because of an error.
    var failure: CaptureError? { error.withLock { $0 } }

    func stop() { signal.raise() }

    private func run() {
        let bytes = OwnedBuffer<UInt8>(repeating: 0, count: Self.capacity)
        defer { close(writeEnd) }
        while waitFor(STDIN_FILENO, POLLIN) {
            let count = read(STDIN_FILENO, bytes.pointer, bytes.count)
            if count == 0 { return }
            if count < 0 {
                let code = errno
                if code == EAGAIN || code == EINTR { continue }
                error.withLock {
                    $0 = CaptureError(
                        .readFailed, "standard input cannot be read: \(systemMessage(code))", call: "read", errno: code)
                }
                return
            }
            guard write(UnsafeRawBufferPointer(start: bytes.pointer, count: count)) else { return }
        }
    }

    /// Returns false if the read end is closed or the pump is stopped.
    private func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            guard waitFor(writeEnd, POLLOUT) else { return false }
            let count = Glibc.write(writeEnd, rest.baseAddress, rest.count)
            if count < 0 && errno != EAGAIN && errno != EINTR { return false }
            rest = UnsafeRawBufferPointer(rebasing: rest[max(0, count)...])
        }
        return true
    }

    /// Returns whether to go on.
    private func waitFor(_ descriptor: Int32, _ events: Int32) -> Bool {
        var descriptors = [
            pollfd(fd: descriptor, events: Int16(events), revents: 0),
            pollfd(fd: signal.fileDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&descriptors, 2, -1)
        return !signal.isRaised
    }
}
