import Logging
import Synchronization

/// Keeps what is logged.
final class LogRecorder: LogHandler {
    private let entries = Mutex<[(level: Logger.Level, text: String)]>([])

    var lines: [String] { entries.withLock { $0.map { "\($0.level) \($0.text)" } } }

    func log(event: LogEvent) {
        entries.withLock { $0.append((event.level, "\(event.message)")) }
    }

    // All is kept, and nothing else is asked of it.
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
}
