// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import NIOCore

/// The events that a client has subscribed to.
private struct Subscription {
    /// Nil for every source.
    var source: String?
    var events: Set<EventKind>
}

/// The clients of the control socket and their subscriptions. Only the hub uses it.
final class ControlClients {
    private var connected: Set<Client> = []
    private var subscriptions: [Client: Subscription] = [:]

    var count: Int { connected.count }
    var subscriberCount: Int { subscriptions.count }

    /// Whether any client has subscribed to estimates.
    var wantEstimates: Bool { subscriptions.values.contains { $0.events.contains(.estimate) } }

    func isSubscribed(_ client: Client) -> Bool { subscriptions[client] != nil }

    /// Whether every client has subscribed: only the others may still send a request.
    var areAllSubscribed: Bool { connected.allSatisfy { isSubscribed($0) } }

    func insert(_ client: Client) { connected.insert(client) }

    func remove(_ client: Client) {
        connected.remove(client)
        subscriptions[client] = nil
    }

    func subscribe(_ client: Client, _ params: SubscribeParams) {
        subscriptions[client] = Subscription(source: params.source, events: Set(params.events))
    }

    /// Queues a notification for each subscriber that asked for it; `flush` sends it.
    func notify(_ notification: @autoclosure () -> ControlProtocol.Notification, kind: EventKind, source: String) {
        var line: ByteBuffer?
        for (client, asked) in subscriptions
        where asked.events.contains(kind) && (asked.source ?? source) == source {
            client.connection.offer(isEstimate: kind == .estimate) {
                // Encoded once for all, and only if anybody takes it; JSON can write every number in it.
                if line == nil { line = (try? notification().line()).map { ByteBuffer(bytes: $0) } }
                return line
            }
        }
    }

    func flush() {
        for client in subscriptions.keys { client.connection.flush() }
    }

    /// Closes every connection once everything that was written to it has been sent.
    ///
    /// - Returns: a future for each that completes when it is closed.
    func close() -> [EventLoopFuture<Void>] { connected.compactMap { $0.connection.close() } }

    /// Closes every connection without waiting for clients that do not read.
    func abort() {
        for client in connected { client.connection.abort() }
    }
}
