// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Dispatch
import Glibc

/// The pipe of one source, from its start to its stop: opened, read, and opened again.
///
/// Reading, decoding and analysing happen on the reader's thread, where nothing waits. Opening a name can take as long
/// as a file system likes: Dispatch's threads do it, and post the result to the reader.
final class PolledPipe: @unchecked Sendable {
    // Safe to share: the variables are touched inside `gate` alone, by the reader's thread, and by `stop` once it has
    // closed the gate.

    enum Outcome: Equatable {
        /// Nothing to do until the descriptor has data.
        case idle
        /// There is more to decode, after the other pipes had their turn.
        case more
        /// The sink has no room.
        case blocked
        /// Nothing to do until a moment, in monotonic seconds: what is written before it says nothing new.
        case later(Double)
    }

    /// The name of a FIFO without data since `since`, in monotonic seconds, and the file that it stood for.
    struct QuietName: Sendable {
        var path: String
        var identity: FileIdentity
        var since: Double
    }

    /// The queues on which pipes are opened: so many that one whose file system does not answer delays few others.
    private static let openers = (0..<16).map { DispatchQueue(label: "pipes \($0)", qos: .userInitiated) }
    /// Seconds between two attempts to open a station's FIFO: whoever starts a station wants to hear it soon.
    private static let stationInterval = 1.0

    /// Identifies the pipe's events.
    let id: UInt64
    private let place: PipePlace
    private let format: RequestedFormat
    private let use: ChannelSelection?
    private let sink: any PipeSink
    private let reader: PipeReader
    private let gate = StopGate()

    private var opened: OpenedPipe?
    /// What of the descriptor is watched.
    private var watched: EpollLoop.Interest?
    /// When it is to be read next, whatever is written before; nil if as soon as anything is. The reader's thread alone uses
    /// it.
    private(set) var due: Double?
    /// Whether the reader has it among its sleeping pipes; used by its thread alone.
    var isSleeping = false
    private var pace = PipePace()
    /// All writers are gone, and the FIFO is being opened anew.
    private var isReopening = false
    /// Bytes that were read and not yet decoded.
    private var rest: [UInt8] = []
    private var decoder: PipeDecoder
    /// Data has come since it was opened.
    private var hasWriter = false
    /// Audio has been decoded since the start.
    private var hasAudio = false
    /// Audio has been decoded since the last failure.
    private var hasRecovered = false
    /// epoll does not report a hang-up from before the opening: read once until the pipe is empty.
    private var mayHaveEnded = false
    /// A stream was refused, and neither audio nor another writer has come since: further refusals are not reported.
    private var hasReportedRefusal = false
    private var losses = RepeatedLosses()
    private var lastRead = 0.0
    private var backoff = Backoff()
    private var isNew = true
    private var isOver = false

    init(
        _ place: PipePlace, format: RequestedFormat, use: ChannelSelection?, sink: any PipeSink,
        reader: PipeReader
    ) {
        self.place = place
        self.format = format
        self.use = use
        self.sink = sink
        self.reader = reader
        id = reader.makeID()
        decoder = PipeDecoder(device: place.name, requested: format, use: use)
    }

    func start() {
        reader.post(.added(self))
        open()
    }

    /// When this returns, nothing more reaches the sink, and the pipe is closed. Call it once, and not from the sink.
    func stop() {
        gate.close()
        release()
        reader.post(.removed(self))
    }

    // MARK: Reading, on the reader's thread

    /// Reads once, or decodes more of what was read, and passes it to the sink. Also returns how many bytes it decoded
    /// from.
    func read(into buffer: PipeBuffer) -> (outcome: Outcome, bytes: Int) {
        gate.enter {
            guard let opened, !isReopening else { return (.idle, 0) }
            do throws(CaptureError) {
                due = nil
                var result = sink.hasRoom ? try read(opened.descriptor, buffer) : (.blocked, 0)
                let isIdle = result.outcome == .idle && !isReopening
                if isIdle, result.bytes > 0,
                    let later = pace.nextRead(
                        demand: sink.demand, bytesPerSecond: decoder.bytesPerSecond, lastRead: lastRead,
                        bytes: result.bytes, opened.descriptor)
                {
                    (due, result.outcome) = (later, .later(later))
                }
                // Only now: for `nextRead` it must look as full as it was.
                pace.enlargeIfFull(result.bytes, bytesPerSecond: decoder.bytesPerSecond, opened.descriptor)
                try watch(isIdle ? due == nil ? .data : .hangUp : nil)
                return result
            } catch {
                fail(error)
                return (.idle, 0)
            }
        } ?? (.idle, 0)
    }

    /// While the descriptor's state does not matter it is not watched: epoll would report it again and again.
    private func watch(_ interest: EpollLoop.Interest?) throws(CaptureError) {
        guard let opened, watched != interest else { return }
        if let interest {
            try reader.watch(opened.descriptor, id, for: interest, isNew: watched == nil)
        } else {
            reader.unwatch(opened.descriptor)
        }
        watched = interest
    }

    private func read(
        _ descriptor: Int32, _ buffer: PipeBuffer
    ) throws(CaptureError) -> (outcome: Outcome, bytes: Int) {
        let bytes = UnsafeMutableRawBufferPointer(buffer.bytes.elements)
        var filled = rest.count
        var atEnd = false
        if filled <= PipeDecoder.longestRest {
            let most = PipeBuffer.mostBytes(bytesPerSecond: decoder.bytesPerSecond)
            let count = Glibc.read(descriptor, bytes.baseAddress! + filled, min(most, bytes.count - filled))
            if count < 0 {
                let code = errno
                if code == EAGAIN { mayHaveEnded = false }
                if code == EAGAIN || code == EINTR { return (.idle, 0) }
                throw CaptureError(
                    .readFailed, "\(place.name) cannot be read: \(systemMessage(code))", call: "read", errno: code)
            }
            lastRead = monotonicSeconds()
            atEnd = count == 0
            filled += count
        }
        rest.withUnsafeBytes { bytes.copyMemory(from: $0) }
        var refusal: CaptureError?
        let (used, isDone) = decoder.decode(
            UnsafeRawBufferPointer(rebasing: bytes[..<filled]), atEnd: atEnd, mono: buffer.mono.elements
        ) { output in
            hasWriter = true
            switch output {
            case .opened(let format):
                pace.beginStream()
                report(.opened(format))
            case .samples(let samples):
                (hasAudio, hasRecovered) = (true, true)
                hasReportedRefusal = false
                if !samples.isEmpty { sink.process(samples) }
            case .noticed(let notice): report(.noticed(notice))
            case .refused(let error):
                if case .standardInput = place {
                    refusal = error
                    return
                }
                if !hasReportedRefusal { report(.lost(error)) }
                hasReportedRefusal = true
            }
        }
        keep(UnsafeRawBufferPointer(rebasing: bytes[used..<filled]))
        if let refusal { throw refusal }
        if atEnd {
            allWritersAreGone()
            return (.idle, 0)
        }
        return (isDone && !mayHaveEnded ? .idle : .more, filled)
    }

    /// Keeps bytes for the next read: usually a few, in memory that is already there; more where a stream has just begun.
    private func keep(_ bytes: UnsafeRawBufferPointer) {
        if rest.capacity > 4096 { rest = [] }
        rest.removeAll(keepingCapacity: true)
        rest.reserveCapacity(PipeDecoder.longestRest)
        rest.append(contentsOf: bytes)
    }

    private func allWritersAreGone() {
        switch place {
        case .standardInput:
            let failure =
                opened?.pump?.failure
                ?? (hasAudio
                    ? nil
                    : CaptureError(
                        .unreadable,
                        "standard input ended before any audio came; did the program before the | fail?"))
            end(failure)
        case .fifo, .station:
            hasReportedRefusal = false
            // The old description stays readable, with nothing to read, until the next writer; a new one forgets that
            // there was a writer. It is opened before the old one is closed, so that the next writer's data is kept.
            isReopening = true
            open()
        }
    }

    private func report(_ event: CaptureEvent) {
        if losses.isNew(event) { sink.handle(event) }
    }

    // MARK: Opening

    /// Opens the pipe on one of the queues for this, which posts the result.
    ///
    /// - Parameter isMissing: it was not there at the last attempt.
    private func open(after delay: Double = 0, isMissing: Bool = false) {
        let queue = Self.openers[Int(id % UInt64(Self.openers.count))]
        if delay == 0 { return queue.async { self.openNow() } }
        queue.asyncAfter(deadline: .now() + delay) { [weak self] in self?.openNow(isMissing: isMissing) }
    }

    private func openNow(isMissing: Bool = false) {
        guard !gate.isClosed else { return }
        let result = Result { () throws(CaptureError) in try place.open() }
        // A station that is still missing is no news: the reader sleeps on.
        if isMissing, case .failure(let error) = result, error.errno == ENOENT {
            return open(after: Self.stationInterval, isMissing: true)
        }
        reader.post(.opened(self, result))
    }

    /// Uses the result of an opening, on the reader's thread. Returns `more` if the pipe must be read without an event.
    func use(_ result: Result<OpenedPipe, CaptureError>) -> Outcome {
        gate.enter {
            guard !isOver else { return .idle }
            defer { isNew = false }
            do throws(CaptureError) {
                let new = try result.get()
                release()
                due = nil
                opened = new
                lastRead = monotonicSeconds()
                mayHaveEnded = true
                guard let waiting = place.waiting else { return .more }
                try watch(.data)
                if !isReopening || hasWriter { report(.waiting(waiting)) }
                isReopening = false
                hasWriter = false
            } catch {
                fail(error)
            }
            return .idle
        } ?? .idle
    }

    // MARK: The end of the pipe, or of one descriptor

    /// Closes the descriptor, unless a reference elsewhere keeps it open.
    private func release() {
        if watched != nil, let opened { reader.unwatch(opened.descriptor) }
        opened = nil
        watched = nil
        pace.close()
    }

    private func end(_ error: CaptureError?) {
        release()
        due = nil
        isOver = true
        report(.ended(error))
    }

    private func fail(_ error: CaptureError) {
        guard !isOver else { return }
        release()
        due = nil
        // A name that stands for something other than a FIFO is a mistake, and ends the source; a FIFO that is missing
        // may be made later.
        let mayComeBack =
            switch place {
            case .standardInput: false
            case .fifo: !isNew || error.call != nil
            case .station: true
            }
        guard mayComeBack else { return end(error) }
        rest = []
        decoder = PipeDecoder(device: place.name, requested: format, use: use)
        isReopening = false
        if case .station(let place) = place {
            // The name of another file by now: whether there is one, the next attempt tells.
            if error.code == .disconnected { return open() }
            let isMissing = error.errno == ENOENT
            report(isMissing ? .waiting(place.missing) : .lost(error))
            return open(after: Self.stationInterval, isMissing: isMissing)
        }
        report(.lost(error))
        // Only audio ends a row of failures, not an open that succeeded.
        if hasRecovered { backoff.reset() }
        hasRecovered = false
        open(after: backoff.next())
    }

    // MARK: Names, on the reader's thread

    /// The name of an open FIFO without data since a moment, in monotonic seconds; nil if it has data, or no name.
    func quietName(since moment: Double) -> QuietName? {
        gate.enter {
            guard let path = place.path, let identity = opened?.identity, watched == .data, lastRead <= moment else {
                return nil
            }
            return QuietName(path: path, identity: identity, since: moment)
        } ?? nil
    }

    /// Opens a quiet FIFO again if its name stands for another file by now, because writers wait there. If the name is
    /// gone, a writer that pauses may still go on; without a writer the FIFO is lost.
    func check(_ name: QuietName, nowNames identity: FileIdentity?) {
        guard quietName(since: name.since)?.identity == name.identity else { return }
        gate.enter {
            guard identity != nil || !hasWriter else { return }
            fail(
                CaptureError(
                    .disconnected,
                    "\(printable(name.path)) was removed or replaced; it is reopened as soon as it is "
                        + "there"))
        }
    }
}
