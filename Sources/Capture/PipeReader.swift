// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CPolling
import Dispatch
import Glibc
import Synchronization

/// Reads any number of pipes on one thread: each that has data in its turn, at most what a pipe holds. The thread
/// sleeps while all are empty, or hold less than an estimate needs (`PipeSink.demand`).
///
/// A pipe whose sink has no room is not read, so that its writer waits. Nothing here waits for a file system: Dispatch's
/// threads open the pipes and post the results.
package final class PipeReader: @unchecked Sendable {
    // Safe to share: the variables belong to the thread that calls `poll`; the constants are immutable, atomic or
    // mailboxes.

    /// Messages for the thread that reads.
    enum Message: Sendable {
        case added(PolledPipe)
        case opened(PolledPipe, Result<OpenedPipe, CaptureError>)
        /// The file that a quiet FIFO's name stands for by now (`PolledPipe.check`).
        case named(PolledPipe, PolledPipe.QuietName, FileIdentity?)
        case removed(PolledPipe)
    }

    /// Seconds between two polls while many pipes have data. Frequent small writes, and writers at different moments, are
    /// read together: a wake-up costs as much as tens of milliseconds of audio.
    private static let pause = 0.01
    /// With fewer pipes than this there is no pause: each is read soonest, and each writer's end before the next writer.
    private static let many = 4
    /// A read of this many bytes comes from a writer that is faster than real time, which no pause must slow down.
    private static let much = PipeBuffer.usualPipe / 2
    /// Seconds without a pause after such a read.
    private static let hurry = 0.1
    /// Seconds between two checks of the names of quiet FIFOs.
    private static let nameInterval = 1.0

    private let loop: EpollLoop
    private let mailbox = Mailbox<Message>()
    private let nextID = Atomic<UInt64>(EpollLoop.bellID + 1)
    private let readCount = Atomic<Int>(0)
    /// Whether Dispatch is checking names.
    private let isCheckingNames = Atomic<Bool>(false)

    /// Made at the first read: a worker may have no pipes.
    private lazy var buffer = PipeBuffer()
    /// As many as one wait can report, before the owner sees to other things.
    private var events = [epoll_event](repeating: epoll_event(), count: 64)
    private var pipes: [UInt64: PolledPipe] = [:]
    /// Pipes to read again without an event: they have more to decode, or their sink had no room.
    private var parked: [PolledPipe] = []
    /// Pipes to read at a moment that each of them knows, whatever is written before it: some may have been read since.
    private var sleeping: [PolledPipe] = []
    /// The first of these moments, and how much earlier others are read together with it.
    private var nextDue = Double.infinity
    private static let together = 0.003
    /// Monotonic seconds.
    private var lastPoll = 0.0
    /// No poll before this moment.
    private var nextPoll = 0.0
    /// No pause before this moment.
    private var hurryEnd = 0.0
    private var nextNameCheck = 0.0

    /// The most seconds of audio that one read brings, of samples of at least one byte. The first turn of a stream may bring
    /// four times as much, which was read at the rate of the stream before it: a new ring of estimates has room for four
    /// turns.
    package static func mostSeconds(sampleRate: Int, channels: Int) -> Double {
        max(1, Double(PipeBuffer.usualPipe) / Double(sampleRate * channels))
            + Double(PipeDecoder.longestRest) / Double(sampleRate * channels)
    }

    package init() throws(CaptureError) {
        loop = try EpollLoop()
        parked.reserveCapacity(64)
        sleeping.reserveCapacity(64)
    }

    // MARK: Any thread

    /// Ends the sleep of the present or of the next `poll`, and has sinks asked again whether they have room. Neither
    /// blocks nor allocates nor locks.
    package func wake() { loop.wake() }

    /// The number of reads so far; grows as long as the thread calls `poll`.
    package var progress: Int { readCount.load(ordering: .relaxed) }

    /// Whether anything waits for the next `poll`.
    package var hasWork: Bool { loop.hasEvents }

    func post(_ message: Message) {
        mailbox.post(message)
        loop.wake()
    }

    /// A number for a new pipe's events.
    func makeID() -> UInt64 { nextID.add(1, ordering: .relaxed).oldValue }

    /// Watches an open pipe, so that it is read when it has data; or no longer.
    func watch(
        _ descriptor: Int32, _ id: UInt64, for interest: EpollLoop.Interest, isNew: Bool
    ) throws(CaptureError) { try loop.watch(descriptor, id, for: interest, isNew: isNew) }
    func unwatch(_ descriptor: Int32) { loop.unwatch(descriptor) }

    // MARK: The thread that reads

    /// Called in each `poll`, before it may wait. Set it before the first one.
    package var willWait: () -> Void = {}

    /// Reads each pipe that has data once, on the calling thread. Once warm, this neither allocates nor locks, unless a
    /// message has arrived or a stream begins.
    ///
    /// - Parameter seconds: how long to sleep until there is data or `wake` is called, at most; it may be infinite.
    /// - Returns: whether there was anything to do. Whatever was written before a `wake` is visible then.
    @discardableResult
    package func poll(waitingFor seconds: Double) -> Bool {
        let hasMore = readParked()
        let longest = hasMore ? 0 : seconds
        willWait()
        let left = nextPoll - monotonicSeconds()
        if left > 0 {
            let isRung = loop.waitForBell(seconds: min(left, longest))
            if isRung { answerBell() }
            return hasMore || isRung
        }
        let count = loop.wait(for: &events, seconds: min(longest, patience))
        let now = monotonicSeconds()
        checkNames(now)
        let hadDue = readDue(now)
        if pipes.count >= Self.many, count < events.count, now >= hurryEnd, now - lastPoll < 2 * Self.pause {
            nextPoll = now + Self.pause
        }
        lastPoll = now
        for index in 0..<count {
            let id = events[index].data.u64
            if id == EpollLoop.bellID {
                answerBell()
            } else if let pipe = pipes[id] {
                sort(pipe, read(pipe))
            }
        }
        return hasMore || hadDue || count > 0
    }

    /// How many seconds to wait for data: until the first sleeping pipe is due, and at most until names are checked. Without
    /// pipes there are no names.
    private var patience: Double {
        pipes.isEmpty ? .infinity : min(nextDue - monotonicSeconds(), Self.nameInterval)
    }

    private func sort(_ pipe: PolledPipe, _ outcome: PolledPipe.Outcome) {
        switch outcome {
        case .idle: break
        case .more, .blocked: parked.append(pipe)
        case .later(let due):
            nextDue = min(nextDue, due)
            if !pipe.isSleeping { sleeping.append(pipe) }
            pipe.isSleeping = true
        }
    }

    /// Reads the sleeping pipes that are due. Returns whether there were any.
    private func readDue(_ now: Double) -> Bool {
        guard now >= nextDue else { return false }
        nextDue = .infinity
        var index = 0
        var any = false
        while index < sleeping.count {
            let pipe = sleeping[index]
            if let due = pipe.due, due > now + Self.together {
                nextDue = min(nextDue, due)
                index += 1
                continue
            }
            sleeping.swapAt(index, sleeping.count - 1)
            sleeping.removeLast()
            pipe.isSleeping = false
            // Nil: it was read meanwhile, because all writers had gone.
            guard pipe.due != nil else { continue }
            any = true
            sort(pipe, read(pipe))
        }
        return any
    }

    private func read(_ pipe: PolledPipe) -> PolledPipe.Outcome {
        defer { readCount.add(1, ordering: .relaxed) }
        let (outcome, bytes) = pipe.read(into: buffer)
        // What was put off is in real time, and much at once.
        if bytes >= Self.much, pipe.due == nil {
            nextPoll = 0
            hurryEnd = monotonicSeconds() + Self.hurry
        }
        return outcome
    }

    /// Returns whether any of them has still more.
    private func readParked() -> Bool {
        guard !parked.isEmpty else { return false }
        var hasMore = false
        parked.removeAll { pipe in
            let outcome = read(pipe)
            switch outcome {
            case .more:
                hasMore = true
                return false
            case .blocked: return false
            case .idle: return true
            case .later:
                sort(pipe, outcome)
                return true
            }
        }
        return hasMore
    }

    private func answerBell() {
        loop.clearBell()
        while let message = mailbox.take() {
            switch message {
            case .added(let pipe): pipes[pipe.id] = pipe
            case .opened(let pipe, let result):
                if pipe.use(result) == .more { parked.append(pipe) }
            case .named(let pipe, let name, let identity): pipe.check(name, nowNames: identity)
            case .removed(let pipe): pipes[pipe.id] = nil
            }
        }
    }

    /// Has Dispatch look up the names of quiet FIFOs, if there are any.
    private func checkNames(_ now: Double) {
        guard now >= nextNameCheck else { return }
        nextNameCheck = now + Self.nameInterval
        // A file system that hangs gets no second request before it has answered the first.
        guard !isCheckingNames.load(ordering: .acquiring) else { return }
        let quiet = pipes.values.compactMap { pipe in
            pipe.quietName(since: now - Self.nameInterval).map { (pipe, $0) }
        }
        guard !quiet.isEmpty else { return }
        isCheckingNames.store(true, ordering: .releasing)
        DispatchQueue(label: "names of pipes", qos: .utility).async {
            for (pipe, name) in quiet {
                let identity = FileIdentity(path: name.path)
                if identity != name.identity { self.post(.named(pipe, name, identity)) }
            }
            self.isCheckingNames.store(false, ordering: .releasing)
        }
    }
}

/// The memory into which a thread reads its pipes, one after the other.
final class PipeBuffer {
    /// Bytes that a pipe holds by default.
    static let usualPipe = 64 << 10
    /// Bytes that a pipe holds whose writer is faster than real time: each read of a full pipe wakes its writer, which costs as
    /// much as the analysis of a few hundredths of a second of audio.
    static let largePipe = 256 << 10

    /// The most bytes of one read: what a pipe usually holds, and a second of audio if that is more.
    static func mostBytes(bytesPerSecond: Int?) -> Int { min(largePipe, max(usualPipe, bytesPerSecond ?? 0)) }

    /// A read, after what the previous one left over.
    let bytes = OwnedBuffer<UInt8>(repeating: 0, count: PipeDecoder.longestRest + largePipe)
    /// Samples that are decoded and analysed at once: few enough to stay in the processor's cache.
    let mono = OwnedBuffer<Float>(repeating: 0, count: 8 << 10)
}
