// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import NIOCore

/// The text of server-sent events. The data of `estimate`, `change`, `state` and `lost` are the parameters of the control
/// socket's notifications. Only a change has an id, its seq, so that `Last-Event-ID` always names a change.
enum EventText {
    /// How long a browser waits before it connects again, in milliseconds.
    static let start = ByteBuffer(string: "retry: 2000\n\n")
    static let comment = ByteBuffer(string: ": still here\n\n")

    static func estimate(_ estimate: Estimate) -> ByteBuffer? {
        // The control socket's line, because the fast writer of estimates is behind it.
        let prefix = #"{"jsonrpc":"2.0","method":"estimate","params":"#
        guard let line = try? Notification.estimate(estimate).line() else { return nil }
        return frame("estimate", line.dropFirst(prefix.utf8.count).dropLast(2))
    }

    static func change(_ change: Change) -> ByteBuffer? { event("change", change, id: change.seq) }

    static func state(_ change: DeviceChange) -> ByteBuffer? { event("state", Redaction.clean(change)) }

    static func lost(_ estimates: Int) -> ByteBuffer? { event("lost", Lost(estimates: estimates)) }

    static func daemon(_ daemon: DaemonEvent) -> ByteBuffer? { event("daemon", daemon) }

    private static func event(_ name: String, _ data: some Encodable, id: Int? = nil) -> ByteBuffer? {
        guard let line = try? JSON.line(data) else { return nil }
        return frame(name, line.dropLast(), id: id)
    }

    private static func frame(_ name: String, _ data: ArraySlice<UInt8>, id: Int? = nil) -> ByteBuffer {
        var text = ByteBuffer()
        text.reserveCapacity(data.count + 64)
        if let id { text.writeString("id: \(id)\n") }
        text.writeString("event: \(name)\ndata: ")
        text.writeBytes(data)
        text.writeString("\n\n")
        return text
    }
}

/// The data of the event `daemon`: whether genred can be reached. It is the first event of every stream, and comes again
/// when something of it changes.
struct DaemonEvent: Encodable, Sendable, Equatable {
    enum State: String, Encodable, Sendable {
        /// It answers: at the beginning, or again.
        case back
        /// A reload has changed its model or its sources.
        case reloaded
        /// It cannot be reached; `message` says why.
        case away
    }

    var state: State
    var message: String?
    /// As in `describe`; null while it was never reached.
    var instance: String?

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(state, forKey: .state)
        try container.encode(message, forKey: .message)
        try container.encode(instance, forKey: .instance)
    }

    private enum Key: String, CodingKey { case state, message, instance }
}
