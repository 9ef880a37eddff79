// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Dispatch
import Glibc
import Synchronization

/// The pipe of one source, from its start to its stop: opened, read, and opened again.
///
/// Opening a name and looking at it again can take as long as a file system likes, and is done on Dispatch's threads;
/// reading, decoding and delivering on the reader's, where nothing waits.
final class PipeStream: Sendable {
    enum Outcome {
        /// Nothing to do until the descriptor has something.
        case idle
        /// There is more to decode, after the others had their turn.
        case more
        /// The sink has no room.
        case blocked
    }

    private struct State {
        /// -1 while there is none.
        var descriptor: Int32 = -1
        /// Of a FIFO that is open: what its name must still stand for.
        var identity: FileIdentity?
        /// Whether the reader is told when the descriptor has something.
        var isWatched = false
        /// All writers are gone, and it is being opened anew.
        var isReopening = false
        /// What was read and not decoded yet.
        var rest: [UInt8] = []
        var decoder: PipeDecoder
        /// Something has come since it was opened.
        var hasWriter = false
        /// Something was decoded since the start.
        var hasAudio = false
        /// A hang-up of before it was opened is not told: read until there is nothing, once.
        var mayHaveEnded = false
        /// A stream was refused, and neither audio nor another writer has come since: whatever else is refused of it is not
        /// worth a word.
        var hasToldRefusal = false
        var lastRead = 0.0
        var backoff = Backoff()
        var isNew = true
        var isOver = false
        /// What brings standard input here if it is no pipe.
        var pump: InputPump?
    }

    let place: PipeSource.Place
    private let format: RequestedFormat
    private let gate: SinkGate
    private let reader: PipeReader
    /// Its lock is held while the stream is read: whoever has it knows that nothing reaches the sink meanwhile.
    private let state: Mutex<State>
    private let id = Atomic<UInt64>(0)

    init(_ place: PipeSource.Place, format: RequestedFormat, sink: any AudioSink, reader: PipeReader) {
        self.place = place
        self.format = format
        self.reader = reader
        gate = SinkGate(sink)
        state = Mutex(State(decoder: PipeDecoder(device: place.name, requested: format)))
    }

    func start() {
        id.store(reader.add(self), ordering: .releasing)
        openSoon()
    }

    /// Returns when nothing more reaches the sink.
    func stop() {
        let pump = state.withLock { state in
            end(&state)
            gate.close()
            return state.pump.take()
        }
        reader.remove(id.load(ordering: .acquiring))
        pump?.stop()
    }

    // MARK: The reader's thread

    /// Reads once, or decodes more of what was read, and delivers. Returns how many bytes it decoded from, too.
    func turn(_ buffer: PipeBuffer) -> (outcome: Outcome, bytes: Int) {
        state.withLock { state in
            guard state.descriptor >= 0, !state.isReopening else { return (.idle, 0) }
            do throws(CaptureError) {
                let result = gate.hasRoom ? try read(&state, buffer) : (.blocked, 0)
                try watch(&state, result.outcome == .idle && !state.isReopening)
                return result
            } catch {
                fail(&state, error)
                return (.idle, 0)
            }
        }
    }

    /// Where the descriptor's state does not matter the reader is not told of it, or it would be told all the time.
    private func watch(_ state: inout State, _ isWatched: Bool) throws(CaptureError) {
        guard state.descriptor >= 0, state.isWatched != isWatched else { return }
        if isWatched {
            try reader.watch(state.descriptor, id.load(ordering: .acquiring))
        } else {
            reader.unwatch(state.descriptor)
        }
        state.isWatched = isWatched
    }

    private func read(
        _ state: inout State, _ buffer: PipeBuffer
    ) throws(CaptureError) -> (outcome: Outcome, bytes: Int) {
        let (bytes, mono) = (buffer.bytes, buffer.mono)
        var filled = state.rest.count
        var atEnd = false
        if filled <= PipeDecoder.longestRest {
            let count = Glibc.read(state.descriptor, bytes.baseAddress! + filled, bytes.count - filled)
            if count < 0 {
                let code = errno
                if code == EAGAIN { state.mayHaveEnded = false }
                if code == EAGAIN || code == EINTR { return (.idle, 0) }
                throw CaptureError(
                    .readFailed, "\(place.name) cannot be read: \(systemMessage(code))", call: "read", errno: code)
            }
            state.lastRead = monotonicSeconds()
            atEnd = count == 0
            filled += count
        }
        state.rest.withUnsafeBytes { bytes.copyMemory(from: $0) }
        var (hasAudio, hasOutput, refusal) = (false, false, CaptureError?.none)
        var hasToldRefusal = state.hasToldRefusal
        let (used, isDone) = state.decoder.decode(
            UnsafeRawBufferPointer(rebasing: bytes[..<filled]), atEnd: atEnd, mono: mono
        ) { output in
            hasOutput = true
            switch output {
            case .opened(let format): gate.handle(.opened(format))
            case .samples(let samples):
                hasAudio = true
                hasToldRefusal = false
                gate.deliver(samples)
            case .refused(let error):
                guard case .fifo = place else {
                    refusal = error
                    return
                }
                if !hasToldRefusal { gate.handle(.lost(error)) }
                hasToldRefusal = true
            }
        }
        state.hasToldRefusal = hasToldRefusal
        keep(UnsafeRawBufferPointer(rebasing: bytes[used..<filled]), in: &state)
        if hasAudio { state.hasAudio = true }
        if hasOutput { state.hasWriter = true }
        if let refusal { throw refusal }
        if atEnd {
            writersAreGone(&state)
            return (.idle, 0)
        }
        return (isDone && !state.mayHaveEnded ? .idle : .more, filled)
    }

    /// Most of the time a few bytes, in memory that is there already; more where a stream has just begun.
    private func keep(_ rest: UnsafeRawBufferPointer, in state: inout State) {
        if state.rest.capacity > 4096 { state.rest = [] }
        state.rest.removeAll(keepingCapacity: true)
        state.rest.reserveCapacity(PipeDecoder.longestRest)
        state.rest.append(contentsOf: rest)
    }

    private func writersAreGone(_ state: inout State) {
        switch place {
        case .standardInput:
            let failure =
                state.pump?.failure
                ?? (state.hasAudio
                    ? nil
                    : CaptureError(
                        .unreadable,
                        "standard input ended before any audio came; does the program before the | fail?"))
            end(&state)
            gate.handle(.ended(failure))
        case .fifo:
            state.hasToldRefusal = false
            // A new description forgets that there ever was a writer: the old one would be readable, with nothing to
            // read, until the next. It is opened first, so that what the next already wrote is kept.
            state.isReopening = true
            openSoon()
        }
    }

    // MARK: Opening, on Dispatch's threads

    private func openSoon(after delay: Double = 0) {
        let queue = DispatchQueue.global(qos: .userInitiated)
        if delay == 0 { return queue.async { self.open() } }
        queue.asyncAfter(deadline: .now() + delay) { [weak self] in self?.open() }
    }

    private func open() {
        guard !state.withLock({ $0.isOver }) else { return }
        switch place {
        case .standardInput:
            let opened = Result { () throws(CaptureError) in try OpenedInput() }
            state.withLock { state in
                do throws(CaptureError) {
                    let opened = try opened.get()
                    if state.isOver { opened.pump?.stop() } else { state.pump = opened.pump }
                    state.mayHaveEnded = true
                    take(opened.descriptor, nil, &state)
                } catch {
                    fail(&state, error)
                }
            }
            reader.serve(soon: self)
        case .fifo(let path):
            let opened = Result { () throws(CaptureError) in try OpenedFIFO(path) }
            state.withLock { state in
                do throws(CaptureError) {
                    let opened = try opened.get()
                    take(opened.descriptor, opened.identity, &state)
                    state.mayHaveEnded = true
                    try watch(&state, true)
                    if !state.isReopening || state.hasWriter {
                        gate.handle(.waiting("\(path) waits for a writer"))
                    }
                    state.isReopening = false
                    state.hasWriter = false
                } catch {
                    fail(&state, error)
                }
                state.isNew = false
            }
        }
    }

    private func take(_ descriptor: Int32, _ identity: FileIdentity?, _ state: inout State) {
        release(&state)
        state.descriptor = descriptor
        if state.isOver { return release(&state) }
        state.identity = identity
        state.lastRead = monotonicSeconds()
    }

    // MARK: Its end, or that of one descriptor

    private func release(_ state: inout State) {
        guard state.descriptor >= 0 else { return }
        if state.isWatched { reader.unwatch(state.descriptor) }
        close(state.descriptor)
        state.descriptor = -1
        state.identity = nil
        state.isWatched = false
    }

    private func end(_ state: inout State) {
        release(&state)
        state.isOver = true
    }

    private func fail(_ state: inout State, _ error: CaptureError) {
        guard !state.isOver else { return }
        release(&state)
        // What is there and no FIFO is a mistake, and told as one; a FIFO that is missing may be made later.
        let mayComeBack =
            switch place {
            case .standardInput: false
            case .fifo: !state.isNew || error.call != nil
            }
        guard mayComeBack else {
            end(&state)
            return gate.handle(.ended(error))
        }
        gate.handle(.lost(error))
        state.rest = []
        state.decoder = PipeDecoder(device: place.name, requested: format)
        state.isReopening = false
        // Audio that arrived, not an open that succeeded, ends the row of failures.
        if gate.takeHasDelivered() { state.backoff.reset() }
        openSoon(after: state.backoff.next())
    }

    // MARK: Names

    /// Whether it is a FIFO that has said nothing since a moment, in monotonic seconds.
    func isQuiet(since moment: Double) -> Bool { state.withLock { Self.isQuiet($0, since: moment) } }

    private static func isQuiet(_ state: State, since moment: Double) -> Bool {
        state.identity != nil && state.isWatched && state.lastRead <= moment
    }

    /// Looks whether the name of a FIFO that has said nothing since a moment still stands for it.
    ///
    /// A writer that pauses may go on, though the FIFO lost its name; but where another FIFO has the name by now, writers
    /// wait there.
    func checkName(quietSince moment: Double) {
        guard case .fifo(let path) = place, let identity = state.withLock({ $0.identity }) else { return }
        let named = FileIdentity(path: path)
        guard named != identity else { return }
        state.withLock { state in
            guard Self.isQuiet(state, since: moment), state.identity == identity, named != nil || !state.hasWriter
            else { return }
            fail(
                &state,
                CaptureError(
                    .disconnected, "\(path) was removed or replaced; it is opened again when it is there"))
        }
    }
}
