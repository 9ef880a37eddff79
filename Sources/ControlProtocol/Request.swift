/// The methods of the control socket (docs/protocol.md).
public enum ControlMethod: String, Sendable, CaseIterable {
    case describe, current, subscribe, history, sources, status, reload
}

/// What ties a response to its request. It goes back as it came.
public enum RequestID: Codable, Sendable, Hashable {
    case null
    case integer(Int64)
    case number(Double)
    case string(String)

    init?(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .string(let value): self = .string(value)
        case .bool, .array, .object: return nil
        }
    }

    var value: JSONValue {
        switch self {
        case .null: .null
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .string(let value): .string(value)
        }
    }

    public init(from decoder: any Decoder) throws {
        guard let id = RequestID(try JSONValue(from: decoder)) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "an id is a number, a string or null"))
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

/// One JSON-RPC 2.0 request, checked as far as that goes without knowing its method.
public struct Request: Sendable, Equatable {
    /// Nil in a notification, which gets no answer, not even an error.
    public var id: RequestID?
    public var method: String
    /// By name; empty when there were none.
    public var params: [String: JSONValue]

    public init(id: RequestID?, method: String, params: [String: JSONValue] = [:]) {
        self.id = id
        self.method = method
        self.params = params
    }

    /// A line that is no request, and the `id` to answer it with: that of the line as far as it could be read.
    public struct Rejection: Error, Sendable, Equatable {
        public var id: RequestID
        public var error: RPCError

        public init(id: RequestID = .null, error: RPCError) {
            self.id = id
            self.error = error
        }

        /// For `LineSplitter.Item.overlong`.
        public static let overlong = Rejection(
            error: RPCError(
                .invalidRequest, "a request is at most \(ControlLimits.requestBytes) bytes long; this one was discarded"
            ))
    }

    /// Reads one line (without or with its newline).
    public init(line: some Collection<UInt8>) throws(Rejection) {
        guard String(validating: line, as: UTF8.self) != nil else {
            throw Rejection(error: RPCError(.parseError, "not UTF-8; send one JSON object a line in UTF-8"))
        }
        // Foundation would take bytes with zeros among them for UTF-16.
        guard !line.contains(0), let value = try? JSONValue(parsing: line) else {
            throw Rejection(
                error: RPCError(
                    .parseError,
                    #"not JSON; send one object a line, such as {"jsonrpc":"2.0","id":1,"method":"current"}"#))
        }
        try self.init(value)
    }

    private init(_ value: JSONValue) throws(Rejection) {
        let members: [String: JSONValue]
        switch value {
        case .object(let object): members = object
        case .array:
            throw Rejection(
                error: RPCError(.invalidRequest, "batches are not supported; send each request on a line of its own"))
        default:
            throw Rejection(error: RPCError(.invalidRequest, "a request is an object, not \(value.kind)"))
        }
        let id = members["id"].flatMap(RequestID.init)
        func invalid(_ message: String, _ code: RPCError.Code = .invalidRequest) -> Rejection {
            Rejection(id: id ?? .null, error: RPCError(code, message))
        }
        if id == nil, let other = members["id"] {
            throw invalid("id must be a number, a string or null, not \(other.kind)")
        }
        guard members["jsonrpc"] == .string("2.0") else {
            throw invalid(#"this is JSON-RPC 2.0: add "jsonrpc":"2.0""#)
        }
        guard case .string(let method)? = members["method"] else {
            throw invalid("method must be a string: one of \(ControlMethod.list)")
        }
        switch members["params"] {
        case nil: params = [:]
        case .object(let object): params = object
        case .array: throw invalid("give params by name, as an object", .invalidParams)
        case .some(let other): throw invalid("params must be an object, not \(other.kind)")
        }
        self.id = id
        self.method = method
    }

    /// The method asked for; throws `methodNotFound` with the list of those that exist.
    public func knownMethod() throws(RPCError) -> ControlMethod {
        guard let known = ControlMethod(rawValue: method) else {
            throw RPCError(.methodNotFound, "no method \(quoted(method)); there is \(ControlMethod.list)")
        }
        return known
    }

    /// This request as one line with its newline.
    public func line() throws -> [UInt8] {
        var members: [String: JSONValue] = ["jsonrpc": .string("2.0"), "method": .string(method)]
        if let id { members["id"] = id.value }
        if !params.isEmpty { members["params"] = .object(params) }
        return try JSON.line(members)
    }
}

extension ControlMethod {
    static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
