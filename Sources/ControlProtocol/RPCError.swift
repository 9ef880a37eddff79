// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// An error as it crosses the socket: the `error` member of a JSON-RPC 2.0 response.
package struct RPCError: Error, Codable, Sendable, Equatable, CustomStringConvertible {
    /// JSON-RPC's own codes, and genred's between -32000 and -32099. A client meets others with a newer daemon.
    package struct Code: RawRepresentable, Codable, Sendable, Hashable {
        package var rawValue: Int

        package init(rawValue: Int) { self.rawValue = rawValue }

        /// The line is not JSON.
        package static let parseError = Code(rawValue: -32700)
        /// It is JSON, but no request: no `method`, not `jsonrpc` 2.0, a batch, longer than 64 KiB.
        package static let invalidRequest = Code(rawValue: -32600)
        package static let methodNotFound = Code(rawValue: -32601)
        package static let invalidParams = Code(rawValue: -32602)
        package static let internalError = Code(rawValue: -32603)
        /// No source has the name asked for.
        package static let unknownSource = Code(rawValue: -32000)
        /// 256 clients are connected already; sent at once with `id` null, then the connection is closed.
        package static let tooManyClients = Code(rawValue: -32001)
        /// The configuration read by `reload` is not valid; nothing was changed.
        package static let reloadRefused = Code(rawValue: -32002)
        /// The daemon was started for this connection and cannot start; sent with `id` null, then the connection is
        /// closed.
        package static let notStarted = Code(rawValue: -32003)
    }

    package var code: Code
    /// What is wrong and what to do, on one line.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(message) (error \(code.rawValue))" }

    /// The error for a source that does not exist; it names those that do.
    package static func unknownSource(_ name: String, known: [String]) -> RPCError {
        let list = known.isEmpty ? "there are no sources" : "there is \(known.map(quoted).joined(separator: ", "))"
        return RPCError(.unknownSource, "no source \(quoted(name)); \(list)")
    }

    /// The error that the client that is one too many gets.
    package static func tooManyClients(limit: Int = ControlLimits.clients) -> RPCError {
        RPCError(.tooManyClients, "\(limit) clients are connected already; close one and try again")
    }
}

/// The limits of the control socket.
package enum ControlLimits {
    /// The longest request, in bytes, without its newline.
    package static let requestBytes = 64 * 1024
    /// Connections at a time.
    package static let clients = 256
    /// The entries of `history` when no `limit` is given, and the most that can be asked for.
    package static let historyDefault = 100
    package static let historyMost = 10_000
}
