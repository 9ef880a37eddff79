import Logging
import Synchronization

/// Keeps what is logged.
public final class LogRecorder: LogHandler {
    private let entries = Mutex<[String]>([])

    public init() {}

    /// Each with its level in front.
    public var lines: [String] { entries.withLock { $0 } }

    public func log(event: LogEvent) { entries.withLock { $0.append("\(event.level) \(event.message)") } }

    // All is kept, and nothing else is asked of it.
    public var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    public var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
}
