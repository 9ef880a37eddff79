// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Dispatch
import Glibc

/// What has come of a station's notes since the last report.
package struct StationReport: Sendable {
    /// In order.
    package var notes: [StationNote]
    /// Whether their writer is gone by now: what it has said no longer holds.
    package var isGone = false
    /// Lines ignored since the start: too long, too many, or no notes.
    package var ignored: Int
    /// Why notes cannot be read; nil if they can.
    package var failure: CaptureError?

    package init(notes: [StationNote], isGone: Bool = false, ignored: Int, failure: CaptureError? = nil) {
        self.notes = notes
        self.isGone = isGone
        self.ignored = ignored
        self.failure = failure
    }
}

/// Reads the notes of one station, from its start to its stop, beside the audio and on another thread: nothing that a
/// station writes here keeps the analysis from its work. It reads at most a pipe's content ten times a second.
package final class StationNotes: @unchecked Sendable {
    // Safe to share: the variables are touched on `queue` alone.

    /// Seconds between two looks for a FIFO that is missing or was replaced.
    private static let interval = 1.0
    /// Seconds between two reads.
    private static let pause = 0.1
    /// Bytes a read: what a pipe holds.
    private static let capacity = 64 << 10

    private let place: StationPlace
    private let report: @Sendable (StationReport) -> Void
    private let queue = DispatchQueue(label: "station notes", qos: .utility)
    private let gate = StopGate()
    private var timer: (any DispatchSourceTimer)?
    private var opened: OpenedPipe?
    private var events: (any DispatchSourceRead)?
    private var intake = StationIntake()
    /// No read before the next tick: `events` is suspended.
    private var isPaused = false
    private var isTicking = false
    /// Something was read since the FIFO was opened.
    private var hasWriter = false
    /// The last writer is gone, which is reported after its notes.
    private var isEnding = false
    private var reportedIgnored = 0
    private var failure: CaptureError?

    /// - Parameter report: called on a thread of its own, one call at a time.
    init(_ place: StationPlace, report: @escaping @Sendable (StationReport) -> Void) {
        self.place = place
        self.report = report
    }

    /// Call it once.
    package func start() {
        queue.async { [self] in
            guard !gate.isClosed else { return }
            let timer = DispatchSource.makeTimerSource(queue: queue)
            // A moment earlier or later does not matter: the system may wake up for several of them at once.
            timer.schedule(deadline: .now(), repeating: Self.interval, leeway: .milliseconds(300))
            timer.setEventHandler { [weak self] in self?.look() }
            timer.resume()
            self.timer = timer
        }
    }

    /// When this returns, nothing more is reported. Call it once, and not from `report`.
    package func stop() {
        gate.close()
        // Not waited for: it may be opening a file, which takes as long as a file system likes.
        queue.async { [self] in
            timer?.cancel()
            timer = nil
            close()
        }
    }

    // MARK: On the queue

    /// Looks whether the name stands for the FIFO that is open.
    private func look() {
        guard !gate.isClosed else { return }
        if let opened {
            let named = FileIdentity(path: place.notes, followingLinks: false)
            // Without a name, a writer may still go on.
            if named == opened.identity || named == nil && hasWriter { return }
            writerIsGone()
        } else {
            open()
        }
    }

    /// Opens the FIFO, if it is there, before the one that is open is closed: so what the next writer writes is kept.
    private func open() {
        var problem: CaptureError?
        let before = opened
        do throws(CaptureError) {
            let new = try OpenedPipe.fifo(place.notes, isStation: true)
            close()
            opened = new
            let events = DispatchSource.makeReadSource(fileDescriptor: new.descriptor, queue: queue)
            events.setEventHandler { [weak self] in self?.read() }
            // The descriptor stays open until Dispatch has let go of it.
            events.setCancelHandler { withExtendedLifetime(new) {} }
            events.resume()
            self.events = events
        } catch {
            if before != nil { close() }
            // The audio's FIFO is missing then, too, and that is said.
            if error.errno != ENOENT { problem = error }
        }
        guard failure != problem else { return }
        failure = problem
        pass(StationReport(notes: [], ignored: intake.ignored, failure: problem))
    }

    private func close() {
        // Dispatch lets go only of what runs.
        if isPaused { events?.resume() }
        isPaused = false
        events?.cancel()
        events = nil
        opened = nil
    }

    private func read() {
        guard let opened else { return }
        let count = withUnsafeTemporaryAllocation(byteCount: Self.capacity, alignment: 16) { buffer in
            let count = Glibc.read(opened.descriptor, buffer.baseAddress, buffer.count)
            if count > 0 { intake.process(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
            return count
        }
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        if count > 0 { hasWriter = true } else { writerIsGone() }
        deliver()
        pause()
    }

    private func writerIsGone() {
        intake.finish()
        isEnding = isEnding || hasWriter
        hasWriter = false
        open()
        deliver()
        pause()
    }

    /// Reads nothing before the next tick.
    private func pause() {
        if let events, !isPaused {
            isPaused = true
            events.suspend()
        }
        scheduleTick()
    }

    private func scheduleTick() {
        guard !isTicking else { return }
        isTicking = true
        queue.asyncAfter(deadline: .now() + Self.pause) { [weak self] in self?.tick() }
    }

    private func tick() {
        isTicking = false
        deliver()
        // The next writer's notes come after the report that the last one is gone.
        if isPaused, !isEnding {
            isPaused = false
            events?.resume()
        }
        if isEnding || intake.isWaiting { scheduleTick() }
    }

    /// Reports the notes that may come out now, and after the last of them that the writer is gone.
    private func deliver() {
        let notes = intake.takeNotes()
        let isGone = isEnding && !intake.isWaiting
        guard !notes.isEmpty || isGone || intake.ignored != reportedIgnored else { return }
        if isGone { isEnding = false }
        reportedIgnored = intake.ignored
        pass(StationReport(notes: notes, isGone: isGone, ignored: intake.ignored, failure: failure))
    }

    private func pass(_ news: StationReport) {
        gate.enter { report(news) }
    }
}
