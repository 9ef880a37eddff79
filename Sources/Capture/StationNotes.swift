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
/// station writes here keeps the analysis from its work.
///
/// It looks once a second, which it has to do for the FIFO's name in any case, and then reads at most a pipe's content ten
/// times a second. It does not wait for events: libdispatch reports nothing more of a descriptor whose writer has hung up
/// once, though another writer may come.
package final class StationNotes: @unchecked Sendable {
    // Safe to share: the variables are touched on `queue` alone.

    /// Seconds between two looks.
    private static let interval = 1.0
    /// Seconds between two looks while there is more to read or to report.
    private static let hurry = 0.1
    /// Bytes a read: what a pipe holds.
    private static let capacity = 64 << 10

    private let place: StationPlace
    private let report: @Sendable (StationReport) -> Void
    private let queue = DispatchQueue(label: "station notes", qos: .utility)
    private let gate = StopGate()
    private var timer: (any DispatchSourceTimer)?
    private var opened: OpenedPipe?
    private var intake = StationIntake()
    /// Something was read of a writer that has not hung up.
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
            timer.setEventHandler { [weak self] in self?.look() }
            timer.schedule(deadline: .now())
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
            opened = nil
        }
    }

    // MARK: On the queue

    private func look() {
        guard !gate.isClosed else { return }
        if opened == nil { open() }
        // The next writer's notes come after the report that the last one is gone.
        let hasRead = !isEnding && read()
        if !hasRead { checkName() }
        deliver()
        let isBusy = hasRead || isEnding || intake.isWaiting
        // A moment later does not matter otherwise: the system may wake up for several stations at once.
        timer?.schedule(
            deadline: .now() + (isBusy ? Self.hurry : Self.interval), leeway: .milliseconds(isBusy ? 10 : 200))
    }

    private func open() {
        var problem: CaptureError?
        do throws(CaptureError) {
            opened = try OpenedPipe.fifo(place.notes, isStation: true)
        } catch {
            // If it is missing, so is the audio's FIFO, and that is said.
            if error.errno != ENOENT { problem = error }
        }
        guard failure != problem else { return }
        failure = problem
        pass(StationReport(notes: [], ignored: intake.ignored, failure: problem))
    }

    /// Reads once. Returns whether there was anything, and so may be more.
    private func read() -> Bool {
        guard let opened else { return false }
        let count = withUnsafeTemporaryAllocation(byteCount: Self.capacity, alignment: 16) { buffer in
            let count = Glibc.read(opened.descriptor, buffer.baseAddress, buffer.count)
            if count > 0 { intake.process(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
            return count
        }
        if count > 0 { hasWriter = true }
        if count == 0 { endWriter() }
        return count > 0
    }

    /// Lets go of a FIFO whose name stands for another one by now, or for none. A writer may still go on without a name.
    private func checkName() {
        guard let opened else { return }
        let named = FileIdentity(path: place.notes, followingLinks: false)
        if named == opened.identity || named == nil && hasWriter { return }
        endWriter()
        self.opened = nil
        if named != nil { open() }
    }

    private func endWriter() {
        guard hasWriter else { return }
        intake.finish()
        (hasWriter, isEnding) = (false, true)
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
