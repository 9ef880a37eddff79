// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CPolling
import Dispatch
import Glibc
import Synchronization

/// Reads any number of pipes on one thread, its owner's: each that has something in its turn, at most what a pipe
/// holds, and sleeps when all are empty.
///
/// A pipe whose sink has no room is not read, so that its writer waits. Nothing here waits for a file system: pipes are
/// opened elsewhere.
package final class PipeReader: @unchecked Sendable {
    // Safe to share: `buffer`, `events`, `parked` and the moments of looks and pauses belong to the thread that calls
    // `turn`; everything else is immutable, atomic or under a lock.

    /// Pipes served at most before the owner can see to other things.
    private static let batch = 64
    /// Seconds between two looks at the pipes where the next comes soon anyway. Who writes little and often, and many
    /// who write at times of their own, are read together: a waking costs as much as tens of milliseconds of audio.
    private static let pause = 0.01
    /// Fewer are read as they come, which hears soonest and sees each writer's end before the next.
    private static let many = 4
    /// A read of so many bytes comes of a writer that is faster than real time, which no pause must slow down.
    private static let much = PipeBuffer.capacity / 2
    /// Seconds without a pause after such a read.
    private static let hurry = 0.1
    /// Seconds between two looks at the names of FIFOs that say nothing.
    private static let nameInterval = 1.0
    /// What epoll tells of the bell by; streams count from 1.
    private static let bellID: UInt64 = 0

    private struct Table {
        var streams: [UInt64: PipeStream] = [:]
        var nextID = PipeReader.bellID + 1
        /// To be served once without being told of.
        var newcomers: [PipeStream] = []
    }

    private let epoll: Int32
    /// Readable once rung.
    private let bell: Int32
    private let isRung = Atomic<Bool>(false)
    /// Whether names are being looked at.
    private let isLooking = Atomic<Bool>(false)
    private let turnCount = Atomic<Int>(0)
    private let table = Mutex(Table())
    private let buffer = PipeBuffer()
    private let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: batch)
    /// Streams that are to be asked again without being told of: they have more to decode, or their sink had no room.
    private var parked: [PipeStream] = []
    /// Monotonic seconds: the last look at the pipes; no look before, and no pause before.
    private var lastLook = 0.0
    private var nextLook = 0.0
    private var hurryEnd = 0.0
    private var nextNames = 0.0

    /// Samples that one read can bring at most.
    package static func mostSamples(channels: Int) -> Int { PipeBuffer.capacity / (2 * channels) }

    package init() throws(CaptureError) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        bell = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard epoll >= 0, bell >= 0, Self.control(epoll, EPOLL_CTL_ADD, bell, Self.bellID) == 0 else {
            let code = errno
            // deinit runs only for what is whole.
            for descriptor in [epoll, bell] where descriptor >= 0 { close(descriptor) }
            throw CaptureError(
                .cannotOpen, "no file descriptor is left to wait for pipes: \(systemMessage(code))",
                call: "epoll_create1", errno: code)
        }
        parked.reserveCapacity(Self.batch)
    }

    deinit {
        close(epoll)
        close(bell)
        events.deallocate()
    }

    // MARK: For everybody

    /// Ends the sleep of the present or of the next `turn`, and has sinks asked again whether they have room. From any
    /// thread; neither blocks nor allocates.
    package func wake() {
        guard !isRung.exchange(true, ordering: .acquiringAndReleasing) else { return }
        eventfd_write(bell, 1)
    }

    /// Pipes served so far; grows as long as the owner calls `turn`.
    package var progress: Int { turnCount.load(ordering: .relaxed) }

    /// Whether anything waits for the next `turn`.
    package var hasWork: Bool {
        var descriptor = pollfd(fd: epoll, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) > 0
    }

    // MARK: The owner's thread

    /// Serves pipes that have something, each once, on the calling thread. Nothing in it allocates once warm but what
    /// the opening of a stream needs.
    ///
    /// - Parameter mayWait: whether to sleep until there is something or `wake` is called.
    /// - Returns: whether there was anything. What was written before a `wake` is visible then.
    @discardableResult
    package func turn(mayWait: Bool) -> Bool {
        let hasMore = serveParked()
        let left = nextLook - monotonicSeconds()
        if left > 0 {
            let isRung = pause(mayWait && !hasMore ? left : 0)
            return hasMore || isRung
        }
        let streams = table.withLock { $0.streams.count }
        // Where there are no names to look at it sleeps without end.
        let patience = streams == 0 ? -1 : Int32(Self.nameInterval * 1000)
        let count = epoll_wait(epoll, events.baseAddress, Int32(events.count), mayWait && !hasMore ? patience : 0)
        let now = monotonicSeconds()
        checkNames(now)
        if streams >= Self.many, count < events.count, now >= hurryEnd, now - lastLook < 2 * Self.pause {
            nextLook = now + Self.pause
        }
        lastLook = now
        for event in events.prefix(Int(max(0, count))) {
            if event.data.u64 == Self.bellID {
                takeBell()
            } else if let stream = table.withLock({ $0.streams[event.data.u64] }) {
                if serve(stream) != .idle { parked.append(stream) }
            }
        }
        return hasMore || count > 0
    }

    /// Waits for the bell alone. Returns whether it was rung.
    private func pause(_ seconds: Double) -> Bool {
        var descriptor = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, Int32((seconds * 1000).rounded(.up))) > 0 else { return false }
        takeBell()
        return true
    }

    private func takeBell() {
        var rings: eventfd_t = 0
        eventfd_read(bell, &rings)
        _ = isRung.exchange(false, ordering: .acquiringAndReleasing)
        table.withLock { table in
            parked += table.newcomers
            table.newcomers.removeAll()
        }
    }

    private func serve(_ stream: PipeStream) -> PipeStream.Outcome {
        defer { turnCount.add(1, ordering: .relaxed) }
        let (outcome, bytes) = stream.turn(buffer)
        if bytes >= Self.much {
            nextLook = 0
            hurryEnd = monotonicSeconds() + Self.hurry
        }
        return outcome
    }

    /// Returns whether any of them has still more.
    private func serveParked() -> Bool {
        guard !parked.isEmpty else { return false }
        var hasMore = false
        parked.removeAll { stream in
            let outcome = serve(stream)
            if outcome == .more { hasMore = true }
            return outcome == .idle
        }
        return hasMore
    }

    // MARK: Streams, from any thread

    /// Takes a stream in. Returns what it is known by.
    func add(_ stream: PipeStream) -> UInt64 {
        table.withLock { table in
            defer { table.nextID += 1 }
            table.streams[table.nextID] = stream
            return table.nextID
        }
    }

    /// Serves a stream soon, whether its descriptor has something or not.
    func serve(soon stream: PipeStream) {
        table.withLock { $0.newcomers.append(stream) }
        wake()
    }

    func remove(_ id: UInt64) {
        table.withLock { $0.streams[id] = nil }
    }

    /// Serves a stream from now on whenever its descriptor has something; called under the stream's lock.
    func watch(_ descriptor: Int32, _ id: UInt64) throws(CaptureError) {
        guard Self.control(epoll, EPOLL_CTL_ADD, descriptor, id) == 0 else {
            throw CaptureError(
                .cannotOpen, "a pipe cannot be waited for: \(systemMessage(errno))", call: "epoll_ctl", errno: errno)
        }
    }

    /// To be called before the descriptor is closed.
    func unwatch(_ descriptor: Int32) {
        _ = Self.control(epoll, EPOLL_CTL_DEL, descriptor, 0)
    }

    private static func control(_ epoll: Int32, _ operation: Int32, _ descriptor: Int32, _ id: UInt64) -> Int32 {
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: id))
        return epoll_ctl(epoll, operation, descriptor, &event)
    }

    /// Has the names of FIFOs that say nothing looked at, elsewhere; does nothing where all say something.
    private func checkNames(_ now: Double) {
        guard now >= nextNames else { return }
        nextNames = now + Self.nameInterval
        // A file system that hangs is not asked again before it has answered.
        guard !isLooking.load(ordering: .acquiring) else { return }
        let quiet = table.withLock { table in
            table.streams.values.filter { $0.isQuiet(since: now - Self.nameInterval) }
        }
        guard !quiet.isEmpty else { return }
        isLooking.store(true, ordering: .releasing)
        DispatchQueue.global(qos: .utility).async {
            for stream in quiet { stream.checkName(quietSince: now - Self.nameInterval) }
            self.isLooking.store(false, ordering: .releasing)
        }
    }
}

/// What a thread reads pipes into, one after the other.
final class PipeBuffer {
    /// Bytes: what a pipe holds by default, behind what was left over of the read before.
    static let capacity = PipeDecoder.longestRest + 64 << 10

    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
    /// A sample for each two bytes.
    let mono = UnsafeMutableBufferPointer<Float>.allocate(capacity: capacity / 2)

    deinit {
        bytes.deallocate()
        mono.deallocate()
    }
}
