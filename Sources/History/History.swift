// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Foundation
import GRDB
import Logging

/// The changes of label, kept across restarts in an SQLite file, bounded in number and age.
///
/// Only requests for the history wait for the disk: changes go into a pending and are written a moment later, many at a
/// time. Changes that cannot be written are kept in memory (the newest ten thousand) and written when that works again;
/// the log reports it once. A damaged file is moved aside; another program's file is not touched.
///
/// Changes are kept in the order in which they happened, whatever the clock was.
package actor History {
    private let executor = QueueExecutor(label: "history")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private nonisolated let pending = PendingEntries()
    private let log: Logger
    private var settings: HistorySettings
    /// Seconds until what failed is tried again.
    private let patience: Double
    /// Seconds from a change until it is written.
    private let delay: Double
    private let run = UUID().uuidString

    private var database: HistoryDatabase?
    /// Changes that have left the pending and are not written yet.
    private var waiting = PendingEntries.Contents()
    /// The `order` of each source's last entry.
    private var lastOrder: [String: Double] = [:]
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
        self.log = log
        self.patience = patience
        self.delay = delay
    }

    // MARK: Input, from any thread, without waiting

    /// Adds a change, and with it the label that lasts from then on.
    package nonisolated func append(_ entry: HistoryEntry) {
        let change = entry.change
        let next: OpenLabel? =
            change.to == Change.stopped
            ? nil
            : OpenLabel(
                source: change.source, label: change.to, began: entry.ended, until: entry.ended,
                position: change.position, lasted: 0, order: entry.order)
        put { contents in
            contents.append(entry)
            contents.open.updateValue(next, forKey: change.source)
        }
    }

    /// Updates how long the present labels have lasted, in case the daemon is killed.
    package nonisolated func note(_ labels: [OpenLabel]) {
        guard !labels.isEmpty else { return }
        put { contents in
            for label in labels { contents.open.updateValue(label, forKey: label.source) }
        }
    }

    private nonisolated func put(_ change: (inout PendingEntries.Contents) -> Void) {
        if pending.put(change) { flush(in: delay) }
    }

    private nonisolated func flush(in seconds: Double) {
        Task { [weak self] in
            try? await Task.sleep(for: .seconds(seconds))
            await self?.flush()
        }
    }

    // MARK: Opening and closing

    /// Opens the file, if that is possible, and logs how much is in it.
    package func open() { flush() }

    /// Changes the settings.
    package func use(_ new: HistorySettings) {
        let old = settings
        if new.path != old.path {
            // Earlier changes belong to the old file.
            flush()
            database?.close()
            database = nil
            (failure, nextAttempt) = (nil, 0)
        }
        settings = new
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
        if settings.path != nil, !waiting.entries.isEmpty {
            log.warning("history: \(count(waiting.entries.count)) could not be written before genred stopped")
        }
    }

    // MARK: Requests

    /// The answer to `history`.
    ///
    /// - Parameters:
    ///   - open: the labels that last now, one for each source.
    ///   - now: the time up to which they have lasted.
    package func result(
        _ params: HistoryParams, open: [OpenLabel], now: Timestamp = .now
    ) throws(RPCError) -> HistoryResult {
        flush()
        let oldest = now.adding(seconds: -settings.keep)
        let since = params.since?.time(now: now)
        var query = HistoryQuery(
            source: params.source, since: max(oldest, since ?? oldest), isRecent: since.map { $0 > oldest } ?? false,
            limit: params.limit + 1)
        try checkSource(params.source, open: open)
        // A time in the future asks for nothing, not for changes that a clock which was ahead has left.
        if let since, since > now { query.limit = 0 }
        var changes: [Change] = []
        var times = LabelTimes(since: query.since)
        let pending = waiting.entries.filter(query.matches)
        if let database, query.limit > 0 {
            do throws(HistoryError) {
                changes = try database.changes(query)
                if params.totals { try database.addTimes(query, to: &times) }
            } catch {
                failed(error)
            }
        }
        if query.limit > 0 { changes += pending.map(\.change) }
        let more = changes.count > params.limit
        guard params.totals else { return HistoryResult(changes: changes.suffix(params.limit), more: more) }
        for entry in pending {
            times.add(entry.change.from, began: entry.began, ended: entry.ended, lasted: entry.change.lasted)
        }
        // A label that has ended since `open` was made is among the entries already.
        for label in open
        where (params.source ?? label.source) == label.source && label.order >= lastOrder[label.source] ?? 0 {
            times.add(label.label, began: label.began, ended: label.until, lasted: label.lasted)
        }
        return HistoryResult(changes: changes.suffix(params.limit), more: more, totals: times.result)
    }

    /// Throws for a source that was never known. A source that was removed still has its history.
    private func checkSource(_ name: String?, open: [OpenLabel]) throws(RPCError) {
        guard let name, !open.contains(where: { $0.source == name }) else { return }
        if waiting.entries.contains(where: { $0.change.source == name }) { return }
        if (try? database?.hasChanges(of: name)) == true { return }
        throw .unknownSource(name, known: open.map(\.source))
    }

    // MARK: Writing

    /// Writes the changes that wait, if that is possible now.
    private func flush() {
        let arrived = pending.take()
        for entry in arrived.entries { lastOrder[entry.change.source] = entry.order }
        waiting.append(arrived)
        let now = secondsSinceBoot()
        clock.check(wall: .now, steady: now)
        guard !isClosed else { return }
        if let database, !database.isInPlace {
            log.warning("history: \(database.path ?? "") is gone; starting a new one")
            database.close()
            self.database = nil
        }
        guard now >= nextAttempt else { return }
        do throws(HistoryError) {
            if self.database == nil { self.database = try openDatabase() }
            let kept = waiting.entries.count
            if let database { try write(to: database, now: now) }
            succeeded(kept)
        } catch {
            failed(error)
        }
    }

    private func write(to database: HistoryDatabase, now: Double) throws(HistoryError) {
        if !waiting.isEmpty {
            try database.write(waiting.entries, open: waiting.open)
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
        let opened = try HistoryDatabase(path: settings.path, run: run, makesFolders: !settings.isChosen)
        guard let path = settings.path else { return opened }
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

    private func failed(_ error: HistoryError) {
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
}
