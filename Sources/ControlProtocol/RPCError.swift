// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// An error as it crosses the socket: the `error` member of a JSON-RPC 2.0 response.
package struct RPCError: Error, Codable, Sendable, Equatable, CustomStringConvertible {
    /// JSON-RPC's codes, and genred's own from -32000 to -32099. A newer daemon may send others.
    package struct Code: RawRepresentable, Codable, Sendable, Hashable {
        package var rawValue: Int

        package init(rawValue: Int) { self.rawValue = rawValue }

        /// The line is not JSON.
        package static let parseError = Code(rawValue: -32700)
        /// The line is JSON but not a request: it has no `method`, is not `jsonrpc` 2.0, is a batch, or is longer than 64 KiB.
        package static let invalidRequest = Code(rawValue: -32600)
        package static let methodNotFound = Code(rawValue: -32601)
        package static let invalidParams = Code(rawValue: -32602)
        package static let internalError = Code(rawValue: -32603)
        /// No source has the requested name.
        package static let unknownSource = Code(rawValue: -32000)
        /// 256 clients are connected already; sent at once with `id` null, then the connection is closed.
        package static let tooManyClients = Code(rawValue: -32001)
        /// `reload` found the configuration not valid and changed nothing.
        package static let reloadRefused = Code(rawValue: -32002)
        /// The daemon was started for this connection and cannot start; sent with `id` null, then the connection is
        /// closed.
        package static let notStarted = Code(rawValue: -32003)
        /// `history` with `after` cannot read changes that are on the disk.
        package static let historyUnavailable = Code(rawValue: -32004)
    }

    package var code: Code
    /// What is wrong and what to do about it, on one line.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(message) (error \(code.rawValue))" }

    /// The error for a source that does not exist. It names those that do.
    package static func unknownSource(_ name: String, known: [String]) -> RPCError {
        let list =
            switch known.count {
            case 0: "no source is configured"
            case 1: "the only source is \(quoted(known[0]))"
            default: "the sources are \(known.map(quoted).joined(separator: ", "))"
            }
        return RPCError(.unknownSource, "no source \(quoted(name)); \(list)")
    }

    /// The error for a client that connects when there are too many.
    package static func tooManyClients(limit: Int = ControlLimits.clients) -> RPCError {
        RPCError(.tooManyClients, "\(limit) clients are connected already; close one and try again")
    }
}
