// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import NIOCore

/// What a client wants to be told.
struct Subscription {
    /// Nil for every source.
    var source: String?
    var events: Set<EventKind>
}

/// Who is told what.
extension Hub {
    func subscribe(_ client: Client, _ params: SubscribeParams) {
        subscribers[client] = Subscription(source: params.source, events: Set(params.events))
    }

    func notifyEstimate(of source: HubSource) {
        // Most of the time nobody listens, and then no text is made.
        guard !subscribers.isEmpty else { return }
        notify(.estimate(source.estimate), kind: .estimate, source: source.name)
    }

    func notifyDevice(of source: HubSource, _ message: String?) {
        let change = DeviceChange(
            source: source.name, time: Timestamp.now.description, state: source.device, message: message)
        notify(.state(change), kind: .state, source: source.name)
    }

    /// Writes to each subscriber that asked for it; `flushSubscribers` sends.
    func notify(_ notification: @autoclosure () -> ControlProtocol.Notification, kind: EventKind, source: String) {
        var line: ByteBuffer?
        for (client, asked) in subscribers
        where asked.events.contains(kind) && (asked.source ?? source) == source {
            client.connection.offer(isEstimate: kind == .estimate) {
                // Encoded once for all; there is no number in it that JSON cannot write.
                if line == nil { line = (try? notification().line()).map { ByteBuffer(bytes: $0) } }
                return line
            }
        }
    }

    func flushSubscribers() {
        for client in subscribers.keys { client.connection.flush() }
    }
}
