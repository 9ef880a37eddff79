// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Glibc
import Logging
import Synchronization

/// The log: one line for each event, on standard error. Lines for people begin with time and level; lines for the
/// journal, which has its own clock, begin with the level as in sd-daemon(3).
package struct LineLog: LogHandler {
    package var metadata: Logger.Metadata = [:]

    private let output: StandardError
    private let isJournal: Bool
    private let level: SharedLevel

    package init(output: StandardError = .shared, isJournal: Bool, level: SharedLevel) {
        self.output = output
        self.isJournal = isJournal
        self.level = level
    }

    /// Shared by all copies: a reload changes it.
    package var logLevel: Logger.Level {
        get { level.value }
        set { level.value = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var text = "\(event.message)"
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { text += " \(key)=\(value)" }
        if let error = event.error { text += " error=\(error)" }
        // Names of devices and files are not trusted: one event stays one line, without terminal control characters.
        text = String(text.map { $0.isNewline || $0.isControl ? " " : $0 })
        output.write(line(event.level, text)) { lost in
            line(.warning, "\(lost) log \(lost == 1 ? "line was" : "lines were") lost before this one")
        }
    }

    private func line(_ level: Logger.Level, _ text: String) -> String {
        if isJournal { return "<\(level.journalPriority)>\(text)\n" }
        // The time to the second.
        return "\(Timestamp.now.description.prefix(19))Z \(level) \(text)\n"
    }
}

/// The lowest level that is logged, shared between threads.
package final class SharedLevel: Sendable {
    private let index: Atomic<Int>

    package init(_ level: Logger.Level) { index = Atomic(Self.index(of: level)) }

    package var value: Logger.Level {
        get { Logger.Level.allCases[index.load(ordering: .relaxed)] }
        set { index.store(Self.index(of: newValue), ordering: .relaxed) }
    }

    private static func index(of level: Logger.Level) -> Int { Logger.Level.allCases.firstIndex(of: level) ?? 0 }
}

extension Logger.Level {
    /// The level's number in syslog(3).
    fileprivate var journalPriority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}

extension Character {
    fileprivate var isControl: Bool { unicodeScalars.contains { $0.properties.generalCategory == .control } }
}
