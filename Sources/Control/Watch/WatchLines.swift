// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc

/// `watch` for scripts: one JSON object per line.
enum WatchLines {
    /// Prints the current estimates, then each notification. Returns when the time is up or on Ctrl-C.
    static func run(path: String, source: String?, until end: ContinuousClock.Instant?) throws {
        let signals = SignalQueue([SIGINT])
        let client = try ControlClient(path: path)
        // Subscribing first misses nothing. Notifications that are older than the current estimates are skipped.
        _ = try client.subscribe(source: source)
        let now = try client.current(source: source)
        for estimate in now { try Output.json(EventLine(notification: .estimate(estimate))) }
        let shown = Dictionary(now.map { ($0.source, $0.time) }) { first, _ in first }
        while true {
            while let notification = try client.nextNotification() {
                if case .estimate(let estimate) = notification, let time = shown[estimate.source],
                    estimate.time <= time
                {
                    continue
                }
                try Output.json(EventLine(notification: notification))
            }
            if let end, ContinuousClock.now >= end { return }
            let deadline = end ?? .now + .seconds(60)
            let ready = Poll.readable([signals.descriptor, client.fileDescriptor], until: deadline)
            if ready[0], signals.next() != nil { return }
        }
    }
}

/// The parameters of a notification, with its kind in `event`.
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
