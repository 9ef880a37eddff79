// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Glibc
import Logging
import Synchronization

/// The log: a line an event on standard error. To a person with time and level in front, to the journal, which has
/// its own clock, with the level in the form of sd-daemon(3).
struct LineLog: LogHandler {
    var metadata: Logger.Metadata = [:]

    private let output: StandardError
    private let isJournal: Bool
    private let level: SharedLevel

    init(output: StandardError = .shared, isJournal: Bool, level: SharedLevel) {
        self.output = output
        self.isJournal = isJournal
        self.level = level
    }

    /// The same for all copies: a reload changes it.
    var logLevel: Logger.Level {
        get { level.value }
        set { level.value = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var text = "\(event.message)"
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { text += " \(key)=\(value)" }
        if let error = event.error { text += " error=\(error)" }
        // Whatever a device or a file is called: one event, one line, and nothing that a terminal obeys.
        text = String(text.map { $0.isNewline || $0.isControl ? " " : $0 })
        output.write(line(event.level, text)) { line(.warning, "\($0) lines of the log were lost before this one") }
    }

    private func line(_ level: Logger.Level, _ text: String) -> String {
        if isJournal { return "<\(level.journalPriority)>\(text)\n" }
        // To the second.
        return "\(Timestamp.now.description.prefix(19))Z \(level) \(text)\n"
    }
}

/// The level from which on things are logged.
final class SharedLevel: Sendable {
    private let index: Atomic<Int>

    init(_ level: Logger.Level) { index = Atomic(Self.index(of: level)) }

    var value: Logger.Level {
        get { Logger.Level.allCases[index.load(ordering: .relaxed)] }
        set { index.store(Self.index(of: newValue), ordering: .relaxed) }
    }

    private static func index(of level: Logger.Level) -> Int { Logger.Level.allCases.firstIndex(of: level) ?? 0 }
}

extension Logger.Level {
    /// syslog's number.
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
