// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc
import Synchronization

/// Tells a source's thread to stop, whatever it waits for: a flag and a file descriptor that becomes readable.
final class StopSignal: Sendable {
    /// Readable once raised, and from then on; for `poll` beside other descriptors.
    let fileDescriptor: Int32
    private let writeEnd: Int32
    private let raised = Atomic<Bool>(false)

    init() throws(CaptureError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw CaptureError(
                .cannotOpen, "no file descriptor is left for a new source: \(systemMessage(errno))", call: "pipe",
                errno: errno)
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (fileDescriptor, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(fileDescriptor)
        close(writeEnd)
    }

    var isRaised: Bool { raised.load(ordering: .acquiring) }

    func raise() {
        guard !raised.exchange(true, ordering: .acquiringAndReleasing) else { return }
        // One byte in an empty pipe: this neither blocks nor fails.
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }

    /// Waits `seconds`, or less if stopped. Returns whether to go on.
    func wait(_ seconds: Double) -> Bool {
        let deadline = monotonicSeconds() + seconds
        var descriptor = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
        while !isRaised {
            let left = deadline - monotonicSeconds()
            guard left > 0 else { return true }
            // Rounded up: never early, and at most 1 ms late.
            _ = poll(&descriptor, 1, Int32(min(left * 1000, 3_600_000).rounded(.up)))
        }
        return false
    }
}
