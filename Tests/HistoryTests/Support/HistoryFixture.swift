// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import Logging
import TestSupport

@testable import History

/// A temporary folder for a history, and the lines that it logs.
final class HistoryFixture: Sendable {
    private let temporary: TemporaryFolder
    let log = LogRecorder()
    static let start = Timestamp(rfc3339: "2026-11-20T08:00:00Z") ?? .now

    init() throws {
        temporary = try TemporaryFolder()
    }

    var folder: String { temporary.path }

    var path: String { "\(folder)/history.sqlite" }

    func history(
        path: String? = nil, inMemory: Bool = false, keep: Double = 1e9, limit: Int = 1000, isChosen: Bool = true,
        patience: Double = 0.05
    ) -> History {
        let settings = HistorySettings(
            path: inMemory ? nil : path ?? self.path, isChosen: isChosen, keep: keep, limit: limit)
        let lines = log
        return History(settings, log: Logger(label: "test") { _ in lines }, patience: patience, delay: 0.01)
    }

    /// A change of `source` at `second` after the start, of a label that had lasted `lasted` seconds.
    static func entry(
        _ from: String, _ to: String, of source: String = "radio", at second: Double, lasted: Double, seq: Int = 0
    ) -> HistoryEntry {
        let ended = start.adding(seconds: second)
        return HistoryEntry(
            Change(
                source: source, time: ended.description, position: second, from: from, to: to, confidence: 0.5,
                lasted: lasted, seq: seq),
            began: ended.adding(seconds: -lasted), ended: ended, order: 1e6 + second)
    }

    static func label(_ label: String, of source: String = "radio", from: Double, until: Double) -> OpenLabel {
        OpenLabel(
            source: source, label: label, began: start.adding(seconds: from), until: start.adding(seconds: until),
            position: until, lasted: until - from, order: 1e6 + from)
    }

    var files: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() }
}

extension History {
    /// All changes as `from>to`.
    ///
    /// - Parameter stops: whether to include the ends of labels that lasted when a history was closed.
    func all(
        of source: String? = nil, since: Since? = nil, limit: Int = 10_000, stops: Bool = false,
        now: Timestamp = HistoryFixture.start
    ) throws -> [String] {
        let params = HistoryParams(source: source, since: since, limit: limit)
        return try result(params, open: [], now: now).changes.filter { stops || $0.to != Change.stopped }
            .map { "\($0.from)>\($0.to)" }
    }

    func totals(
        of source: String? = nil, since: Since? = nil, open: [OpenLabel] = [], now: Timestamp = HistoryFixture.start
    ) throws -> [String: Double] {
        let result = try result(
            HistoryParams(source: source, since: since, limit: 1, totals: true), open: open, now: now)
        return Dictionary(uniqueKeysWithValues: (result.totals ?? []).map { ($0.label, $0.seconds) })
    }
}
