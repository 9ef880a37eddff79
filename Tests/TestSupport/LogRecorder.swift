// SPDX-License-Identifier: GPL-3.0-or-later

import Logging
import Synchronization

/// Keeps what is logged.
package final class LogRecorder: LogHandler {
    private let entries = Mutex<[String]>([])

    package init() {}

    /// Each with its level in front.
    package var lines: [String] { entries.withLock { $0 } }

    package func log(event: LogEvent) { entries.withLock { $0.append("\(event.level) \(event.message)") } }

    // All is kept, and nothing else is asked of it.
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
