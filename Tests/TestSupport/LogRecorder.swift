// SPDX-License-Identifier: GPL-3.0-or-later

import Logging
import Synchronization

/// A log handler that keeps every line.
package final class LogRecorder: LogHandler {
    private let entries = Mutex<[String]>([])

    package init() {}

    /// The lines so far, each with its level in front.
    package var lines: [String] { entries.withLock { $0 } }

    package func log(event: LogEvent) { entries.withLock { $0.append("\(event.level) \(event.message)") } }

    // Everything is kept; the rest of the protocol is unused.
    package var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    package var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
}
