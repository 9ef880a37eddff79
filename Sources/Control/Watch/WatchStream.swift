import ControlProtocol
import Glibc

/// `watch` for scripts: a JSON object a line.
enum WatchStream {
    /// Returns when the time is up or on Ctrl-C.
    static func run(path: String, source: String?, until end: ContinuousClock.Instant?) throws {
        let client = try ControlClient(path: path)
        _ = try client.subscribe(source: source)
        let signals = SignalQueue([SIGINT])
        while true {
            while let notification = try client.nextNotification() {
                try Output.json(EventLine(notification: notification))
            }
            if let end, ContinuousClock.now >= end { return }
            let deadline = end ?? .now + .seconds(60)
            let ready = Poll.readable([signals.descriptor, client.fileDescriptor], until: deadline)
            if ready[0], signals.next() != nil { return }
        }
    }
}

/// A notification's parameters with its kind in `event`.
struct EventLine: Encodable {
    var notification: Notification

    private enum Key: CodingKey { case event }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(notification.method, forKey: .event)
        switch notification {
        case .estimate(let params): try params.encode(to: encoder)
        case .change(let params): try params.encode(to: encoder)
        case .state(let params): try params.encode(to: encoder)
        case .lost(let params): try params.encode(to: encoder)
        }
    }
}
