// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc

/// `watch` by lines: one JSON object each for scripts, or text for terminals that cannot do more.
enum WatchLines {
    /// Prints the current estimates, then each notification. Returns when the time is up or on Ctrl-C.
    static func run(
        path: String, source: String?, until end: ContinuousClock.Instant?, isText: Bool = false
    ) throws {
        let signals = SignalQueue([SIGINT])
        let client = try ControlClient(path: path)
        // Subscribing first misses nothing. Notifications that are older than the current estimates are skipped.
        _ = try client.subscribe(source: source)
        let now = try client.current(source: source)
        if isText {
            Output.lines(CurrentView.lines(now, now: .now))
        } else {
            for estimate in now { try Output.json(EventLine(notification: .estimate(estimate))) }
        }
        let shown = Dictionary(now.map { ($0.source, $0.time) }) { first, _ in first }
        while true {
            while let notification = try client.nextNotification() {
                if case .estimate(let estimate) = notification, let time = shown[estimate.source],
                    estimate.time <= time
                {
                    continue
                }
                if !isText {
                    try Output.json(EventLine(notification: notification))
                } else if let text = text(notification) {
                    Output.lines([Line(text)])
                }
            }
            if let end, ContinuousClock.now >= end { return }
            let deadline = end ?? .now + .seconds(60)
            let ready = Poll.readable([signals.descriptor, client.fileDescriptor], until: deadline)
            if ready[0], signals.next() != nil { return }
        }
    }
}

extension WatchLines {
    /// What has changed, as text; nil for an estimate, of which there are several a second.
    static func text(_ notification: Notification) -> String? {
        func time(_ text: String) -> String { Timestamp(rfc3339: text).map { LocalTime($0).time } ?? text }
        switch notification {
        case .change(let change):
            let sure = change.confidence > 0 ? " \(NumberText.percent(change.confidence))" : ""
            return "\(time(change.time))  \(change.source)  \(Wording.label(change.to))\(sure), after "
                + "\(DurationText.text(change.lasted)) of \(Wording.label(change.from))"
        case .state(let change):
            return "\(time(change.time))  \(change.source)  \(change.message ?? change.state.rawValue)"
        case .estimate, .lost: return nil
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
