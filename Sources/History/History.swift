// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Foundation
import GRDB
import Logging
import Synchronization

/// The changes of label, kept across restarts in an SQLite file, bounded in number and age.
///
/// Only requests for the history wait for the disk: changes go into a pending and are written a moment later, many at a
/// time. Changes that cannot be written are kept in memory (the newest ten thousand) and written when that works again;
/// the log reports it once. A damaged file is moved aside; another program's file is not touched.
///
/// Changes are kept in the order in which they happened, whatever the clock was.
package actor History {
    /// Its own, so that its waits for a disk block nothing else.
    private nonisolated let queue = ActorQueue(label: "history", qos: .utility)
    package nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    private nonisolated let pending = PendingEntries()
    private nonisolated let numbers = ChangeNumbers()
    private let log: Logger
    private(set) var settings: HistorySettings
    /// Whether a later run can read what this one writes.
    private nonisolated let isKept: Atomic<Bool>
    /// Seconds until what failed is tried again.
    private let patience: Double
    /// Seconds from a change until it is written.
    private let delay: Double
    private let run = UUID().uuidString

    /// The lock, and the file of the identity; nil in memory and while they cannot be used.
    private var place: HistoryPlace?
    private(set) var database: HistoryDatabase?
    /// Changes that have left the pending and are not written yet.
    private(set) var waiting = PendingEntries.Contents()
    /// The `order` of each source's last entry.
    private(set) var lastOrder: [String: Double] = [:]
    /// The number of the last change that left the pending.
    private var lastTaken = 0
    /// The number of the last change that is in the file.
    private(set) var lastWritten = 0
    /// Whether the log says that the identity cannot be kept.
    private var hasReportedIdentity = false
    /// Finished when the numbers have begun, or cannot begin from the file now.
    private let attempted: AsyncStream<Void>.Continuation
    private let attempt: AsyncStream<Void>
    /// The failure that the log reported last; nil while writing works.
    private var failure: HistoryError.Code?
    private var nextAttempt = 0.0
    private var movedAside = -Double.infinity
    private var clock = ClockWatch()
    private var nextPruning = 0.0
    private var isClosed = false

    /// Opens nothing yet.
    ///
    /// - Parameters:
    ///   - patience: seconds until what failed is tried again.
    ///   - delay: seconds from a change until it is written; a process that is killed loses no more.
    package init(_ settings: HistorySettings, log: Logger, patience: Double = 30, delay: Double = 0.5) {
        self.settings = settings
        isKept = Atomic(settings.path != nil)
        self.log = log
        self.patience = patience
        self.delay = delay
        (attempt, attempted) = AsyncStream.makeStream()
    }

    // MARK: Input, from any thread, without waiting

    /// The identity of this daemon: with a change's `seq`, it identifies the change for ever.
    package nonisolated var instance: String { numbers.instance }

    /// Adds a change, and with it the label that lasts from then on. Returns the change with its number.
    @discardableResult
    package nonisolated func append(_ entry: HistoryEntry) -> Change {
        var (change, isRenewed) = (entry.change, false)
        let next: OpenLabel? =
            change.to == Change.stopped
            ? nil
            : OpenLabel(
                source: change.source, label: change.to, began: entry.ended, until: entry.ended,
                position: change.position, lasted: 0, order: entry.order)
        put { contents in
            // Numbered here, so that the numbers are in order.
            (change.seq, isRenewed) = numbers.take()
            var entry = entry
            entry.change.seq = change.seq
            contents.append(entry)
            contents.open.updateValue(next, forKey: change.source)
        }
        if isRenewed {
            log.warning(
                """
                history: no more numbers could be reserved on the disk: from \(change.seq) on, the changes belong to \
                instance \(numbers.instance)
                """)
        }
        return change
    }

    /// Updates how long the present labels have lasted, in case the daemon is killed and a later run reads it.
    package nonisolated func note(_ labels: [OpenLabel]) {
        guard !labels.isEmpty, isKept.load(ordering: .relaxed) else { return }
        put { contents in
            for label in labels { contents.open.updateValue(label, forKey: label.source) }
        }
    }

    private nonisolated func put(_ change: (inout PendingEntries.Contents) -> Void) {
        if pending.put(change) { flush(in: delay) }
    }

    private nonisolated func flush(in seconds: Double) {
        queue.schedule(after: seconds) { [weak self] in self?.assumeIsolated { $0.flush() } }
    }

    // MARK: Opening and closing

    /// Opens the file, and returns when its numbers can be continued; counting, logging and pruning follow. A disk that
    /// does not answer in time is not waited for: then the changes of this run have an instance of their own.
    package nonisolated func open(within seconds: Double = 5) async {
        flush(in: 0)
        // Not on the queue that may wait for the disk.
        ActorQueue(label: "history timeout").schedule(after: seconds) { [attempted] in attempted.finish() }
        for await _ in attempt {}
        await beginWithoutFile()
    }

    private nonisolated func beginWithoutFile() async {
        let instance = ChangeNumbers.newInstance()
        guard numbers.begin(instance, next: 1, end: nil) else { return }
        log.info("history: the changes of this run are numbered from 1, of instance \(instance)")
    }

    /// Changes the settings.
    package func use(_ new: HistorySettings) {
        let old = settings
        if new.path != old.path {
            // Earlier changes belong to the old file.
            flush()
            leavePlace()
            (failure, nextAttempt, lastWritten) = (nil, 0, 0)
        }
        settings = new
        isKept.store(new.path != nil, ordering: .relaxed)
        nextPruning = 0
        flush()
    }

    /// Writes the changes that wait, and closes the file.
    package func close() {
        nextAttempt = 0
        flush()
        isClosed = true
        database?.close()
        database = nil
        // From here on this run gives out no number of its instance. If this fails, the reservation stays.
        if let record = numbers.close() { try? place?.instanceFile.write(record) }
        place = nil
        if settings.path != nil, !waiting.entries.isEmpty {
            log.warning("history: \(count(waiting.entries.count)) could not be written before genred stopped")
        }
    }

    // MARK: Writing

    /// Writes the changes that wait, if that is possible now.
    func flush() {
        defer { attempted.finish() }
        let arrived = pending.take()
        for entry in arrived.entries { lastOrder[entry.change.source] = entry.order }
        if let last = arrived.entries.last { lastTaken = last.change.seq }
        waiting.append(arrived)
        let now = secondsSinceBoot()
        clock.check(wall: .now, steady: now)
        guard !isClosed else { return }
        if let database, !database.isInPlace {
            log.warning("history: \(database.path ?? "") is gone; starting a new one")
            database.close()
            // The lock's file may be gone, too.
            (self.database, place) = (nil, nil)
        }
        guard now >= nextAttempt else { return }
        do throws(HistoryError) {
            if self.database == nil { self.database = try openDatabase() }
            let kept = waiting.entries.count
            if let database { try write(to: database, now: now) }
            keepNumbers()
            succeeded(kept)
        } catch {
            failed(error)
        }
    }

    private func write(to database: HistoryDatabase, now: Double) throws(HistoryError) {
        if !waiting.isEmpty {
            try database.write(waiting.entries, open: waiting.open)
            if let last = waiting.entries.last { lastWritten = last.change.seq }
            let sources = Set(waiting.entries.map(\.change.source))
            let lost = waiting.lost
            waiting = PendingEntries.Contents()
            waiting.lost = lost
            try database.prune(sources, limit: settings.limit)
            if settings.path == nil { try database.prune(toTotal: HistorySettings.mostInMemory) }
        }
        if now >= nextPruning {
            try database.pruneAll(before: clock.horizon(keep: settings.keep), limit: settings.limit)
            nextPruning = now + ClockWatch.calm
        }
    }

    private func openDatabase() throws(HistoryError) -> HistoryDatabase {
        do throws(HistoryError) {
            return try openFile()
        } catch {
            guard error.code == .damaged else { throw error }
            try moveAside(error)
            return try openFile()
        }
    }

    private func openFile() throws(HistoryError) -> HistoryDatabase {
        guard let path = settings.path else {
            numbers.begin(ChangeNumbers.newInstance(), next: 1, end: nil)
            return try HistoryDatabase(path: nil, run: run)
        }
        let place: HistoryPlace
        if let held = self.place {
            place = held
        } else {
            place = try HistoryPlace(path, makesFolders: !settings.isChosen)
        }
        let record = readInstance(of: place)
        let isOwn = record?.instance == numbers.instanceIfBegun
        let opened = try HistoryDatabase(path: path, run: run, least: isOwn ? 1 : record?.next ?? 1)
        self.place = place
        begin(record, after: opened)
        do throws(HistoryError) {
            let extent = try opened.extent()
            let since = extent.oldest.map { ", the oldest from \($0.description.prefix(10))" } ?? ""
            log.info("history: \(path): \(count(extent.changes))\(since)")
            return opened
        } catch {
            opened.close()
            throw error
        }
    }

    // MARK: Failures

    private func succeeded(_ kept: Int) {
        if failure != nil {
            let lost = waiting.lost > 0 ? "; \(waiting.lost) were lost because too many waited" : ""
            log.notice("history: written again, with \(count(kept)) that had been kept in memory\(lost)")
        }
        (failure, waiting.lost) = (nil, 0)
    }

    func failed(_ error: HistoryError) {
        if error.code == .damaged, let database {
            database.close()
            self.database = nil
            do throws(HistoryError) {
                try moveAside(error)
                return flush(in: 0)
            } catch {
                return report(error)
            }
        }
        if error.isConflict, let database {
            // Another program has added rows: the next attempt looks for numbers that are free.
            database.close()
            self.database = nil
        }
        report(error)
    }

    /// Logs a failure once, and schedules another attempt.
    private func report(_ error: HistoryError) {
        nextAttempt = secondsSinceBoot() + patience
        // A little late, so that the attempt is not too early.
        flush(in: patience + 0.05)
        guard failure != error.code else { return }
        failure = error.code
        let level: Logger.Level = error.code == .inUse && !settings.isChosen ? .info : .warning
        log.log(level: level, "history: \(error); until then changes are kept in memory")
    }

    /// Renames a damaged file, so that a new one can be started and nothing is lost. At most once an hour: a failing disk
    /// should not be filled, too.
    private func moveAside(_ damage: HistoryError) throws(HistoryError) {
        guard let path = settings.path, secondsSinceBoot() - movedAside >= 3600 else { throw damage }
        movedAside = secondsSinceBoot()
        let copies = DamagedCopies(of: path)
        let name = try copies.moveAside(damage)
        log.error("history: \(damage); moved it to \(name) and started a new one")
        copies.removeOldest()
    }

    private func count(_ changes: Int) -> String { NumberText.counted(changes, "change") }

    // MARK: The identity and the numbers

    /// The record of the file; nil if there is none, or none that can be used.
    private func readInstance(of place: HistoryPlace) -> InstanceRecord? {
        do throws(HistoryError) {
            return try place.instanceFile.read()
        } catch {
            log.warning("history: \(error); another instance takes its place")
            return nil
        }
    }

    /// Continues the numbers of a file, or finds a place in it for those of this run.
    private func begin(_ record: InstanceRecord?, after opened: HistoryDatabase) {
        defer { lastWritten = opened.last - opened.offset }
        let isOwn = record != nil && record?.instance == numbers.instanceIfBegun
        let next = max(isOwn ? 1 : record?.next ?? 1, opened.last + 1)
        if !numbers.hasBegun, begin(record?.instance ?? ChangeNumbers.newInstance(), next: next) {
            lastTaken = next - 1
            // Nobody waits for the rest of the opening.
            attempted.finish()
            return
        }
        let first = waiting.entries.first?.change.seq ?? lastTaken + 1
        // Rows of another instance get numbers that are not above 0 in this run: those above are this run's own.
        opened.offset = max(isOwn ? 0 : opened.last, next - first)
    }

    /// Returns whether the numbers begin here: not if a change came first.
    private func begin(_ instance: String, next: Int) -> Bool {
        let reserved = InstanceRecord(instance: instance, next: next + ChangeNumbers.block)
        return keep(reserved)
            ? numbers.begin(instance, next: next, end: reserved.next)
            : numbers.begin(ChangeNumbers.newInstance(), next: next, end: nil)
    }

    /// Reserves more numbers, if they run short and the file has the numbers of this run.
    private func keepNumbers() {
        guard database?.offset == 0, let wanted = numbers.wanted, keep(wanted) else { return }
        numbers.keep(wanted)
    }

    /// Writes a record. Returns false if that fails, and logs it once.
    private func keep(_ record: InstanceRecord) -> Bool {
        guard let file = place?.instanceFile else { return false }
        do throws(HistoryError) {
            try file.write(record)
            if hasReportedIdentity { log.notice("history: \(file.path) is written again") }
            hasReportedIdentity = false
            return true
        } catch {
            if !hasReportedIdentity {
                log.warning("history: \(error); until then the numbers of changes end with this run")
            }
            hasReportedIdentity = true
            return false
        }
    }

    /// Closes the file for one at another path. The identity goes with this run: where it was, its numbers must not go on.
    private func leavePlace() {
        database?.close()
        if let place, numbers.isKept {
            let isRemoved = (try? place.instanceFile.remove()) != nil
            numbers.release(isRenewed: !isRemoved)
        }
        (database, place) = (nil, nil)
    }
}
