// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CPolling
import Glibc
import Synchronization

/// An epoll set with a bell: one thread sleeps on many descriptors, and any thread can wake it.
///
/// Why this hand-over: one system call waits for all pipes and for a wake-up at the same time.
final class EpollLoop: Sendable {
    /// The bell's ID among the events; descriptors have others.
    static let bellID: UInt64 = 0

    private let epoll: OwnedDescriptor
    /// An eventfd, readable once rung.
    private let bell: OwnedDescriptor
    private let isRung = Atomic<Bool>(false)

    init() throws(CaptureError) {
        epoll = OwnedDescriptor(epoll_create1(Int32(EPOLL_CLOEXEC)))
        bell = OwnedDescriptor(eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)))
        guard epoll.isOpen, bell.isOpen,
            Self.control(epoll.number, EPOLL_CTL_ADD, bell.number, Self.bellID) == 0
        else {
            let code = errno
            throw CaptureError(
                .cannotOpen, "no file descriptor is left to wait for pipes: \(systemMessage(code))",
                call: "epoll_create1", errno: code)
        }
    }

    // MARK: Any thread

    /// Rings the bell, which ends the present wait or the next one. Neither blocks nor allocates nor locks; rung more
    /// than once before the sleeper clears it, the bell costs one system call.
    func wake() {
        guard !isRung.exchange(true, ordering: .acquiringAndReleasing) else { return }
        eventfd_write(bell.number, 1)
    }

    /// Whether the next wait would return at once.
    var hasEvents: Bool { Self.isReadable(epoll.number, milliseconds: 0) }

    /// What is reported of a descriptor. That all writers of a pipe are gone always is.
    enum Interest: UInt32 {
        case data
        case hangUp

        fileprivate var events: UInt32 { self == .data ? EPOLLIN.rawValue : 0 }
    }

    /// Reports `id` from now on whenever the descriptor is readable, or only when all writers are gone.
    func watch(
        _ descriptor: Int32, _ id: UInt64, for interest: Interest = .data, isNew: Bool = true
    ) throws(CaptureError) {
        let operation = isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD
        guard Self.control(epoll.number, operation, descriptor, id, interest) == 0 else {
            throw CaptureError(
                .cannotOpen, "a pipe cannot be waited for: \(systemMessage(errno))", call: "epoll_ctl", errno: errno)
        }
    }

    /// Call this before closing a descriptor that is watched.
    func unwatch(_ descriptor: Int32) {
        _ = Self.control(epoll.number, EPOLL_CTL_DEL, descriptor, 0)
    }

    // MARK: The thread that waits

    /// Waits for events, for so many seconds at most. Returns how many there are, the bell's among them.
    func wait(for events: inout [epoll_event], seconds: Double) -> Int {
        max(0, Int(epoll_wait(epoll.number, &events, Int32(events.count), Self.milliseconds(seconds))))
    }

    /// Waits for the bell alone. Returns whether it was rung.
    func waitForBell(seconds: Double) -> Bool {
        Self.isReadable(bell.number, milliseconds: Self.milliseconds(seconds))
    }

    /// A whole number of milliseconds, or -1 for no end.
    private static func milliseconds(_ seconds: Double) -> Int32 {
        seconds.isInfinite ? -1 : Int32((min(max(0, seconds), 3600) * 1000).rounded(.up))
    }

    /// Call this when the bell was rung, before looking for what it was rung for: it can be rung again from then on.
    func clearBell() {
        var rings: eventfd_t = 0
        eventfd_read(bell.number, &rings)
        _ = isRung.exchange(false, ordering: .acquiringAndReleasing)
    }

    private static func isReadable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        var descriptor = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, milliseconds) > 0
    }

    private static func control(
        _ epoll: Int32, _ operation: Int32, _ descriptor: Int32, _ id: UInt64, _ interest: Interest = .data
    ) -> Int32 {
        var event = epoll_event(events: interest.events, data: epoll_data_t(u64: id))
        return epoll_ctl(epoll, operation, descriptor, &event)
    }
}
