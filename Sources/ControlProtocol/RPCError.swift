import JSONText

/// An error as it crosses the socket: the `error` member of a JSON-RPC 2.0 response.
public struct RPCError: Error, Codable, Sendable, Equatable, CustomStringConvertible {
    /// JSON-RPC's own codes, and genred's between -32000 and -32099. A client meets others with a newer daemon.
    public struct Code: RawRepresentable, Codable, Sendable, Hashable {
        public var rawValue: Int

        public init(rawValue: Int) { self.rawValue = rawValue }

        /// The line is not JSON.
        public static let parseError = Code(rawValue: -32700)
        /// It is JSON, but no request: no `method`, not `jsonrpc` 2.0, a batch, longer than 64 KiB.
        public static let invalidRequest = Code(rawValue: -32600)
        public static let methodNotFound = Code(rawValue: -32601)
        public static let invalidParams = Code(rawValue: -32602)
        public static let internalError = Code(rawValue: -32603)
        /// No source has the name asked for.
        public static let unknownSource = Code(rawValue: -32000)
        /// 256 clients are connected already; sent at once with `id` null, then the connection is closed.
        public static let tooManyClients = Code(rawValue: -32001)
        /// The configuration read by `reload` is not valid; nothing was changed.
        public static let reloadRefused = Code(rawValue: -32002)
        /// The daemon was started for this connection and cannot start; sent with `id` null, then the connection is
        /// closed.
        public static let notStarted = Code(rawValue: -32003)
    }

    public var code: Code
    /// What is wrong and what to do, on one line.
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(message) (error \(code.rawValue))" }

    /// The error for a source that does not exist; it names those that do.
    public static func unknownSource(_ name: String, known: [String]) -> RPCError {
        let list = known.isEmpty ? "there are no sources" : "there is \(known.map(quoted).joined(separator: ", "))"
        return RPCError(.unknownSource, "no source \(quoted(name)); \(list)")
    }

    /// The error that the client that is one too many gets.
    public static func tooManyClients(limit: Int = ControlLimits.clients) -> RPCError {
        RPCError(.tooManyClients, "\(limit) clients are connected already; close one and try again")
    }
}

/// The limits of the control socket.
public enum ControlLimits {
    /// The longest request, in bytes, without its newline.
    public static let requestBytes = 64 * 1024
    /// Connections at a time.
    public static let clients = 256
    /// The entries of `history` when no `limit` is given, and the most that can be asked for.
    public static let historyDefault = 100
    public static let historyMost = 10_000
}

/// A text from outside, in quotes, shortened and without control characters: fit for a one-line message.
func quoted(_ text: String) -> String {
    var clean = ""
    for scalar in text.unicodeScalars.prefix(64) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: clean.append("\u{FFFD}")
        default: clean.unicodeScalars.append(scalar)
        }
    }
    return "\"\(clean)\(text.unicodeScalars.dropFirst(64).isEmpty ? "" : "…")\""
}
