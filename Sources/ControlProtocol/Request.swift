// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The methods of the control socket (docs/protocol.md).
package enum ControlMethod: String, Sendable, CaseIterable {
    case describe, current, subscribe, history, annotate, sources, status, reload

    static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// A method with its parameters.
package enum ControlCall: Sendable, Equatable {
    case describe
    case current(CurrentParams)
    case subscribe(SubscribeParams)
    case history(HistoryParams)
    case annotate(AnnotateParams)
    case sources
    case status
    case reload

    package var method: ControlMethod {
        switch self {
        case .describe: .describe
        case .current: .current
        case .subscribe: .subscribe
        case .history: .history
        case .annotate: .annotate
        case .sources: .sources
        case .status: .status
        case .reload: .reload
        }
    }
}

/// One JSON-RPC 2.0 request.
package struct Request: Sendable, Equatable {
    /// Nil in a notification, which gets no response, not even an error.
    package var id: RequestID?
    package var call: ControlCall

    package init(id: RequestID?, call: ControlCall) {
        self.id = id
        self.call = call
    }

    /// The error for a line that is not a valid request.
    package struct Rejection: Error, Sendable, Equatable {
        /// The id to respond with: that of the line, or null if it could not be read. Nil for a notification, which gets
        /// no response.
        package var id: RequestID?
        package var error: RPCError

        package init(id: RequestID? = .null, error: RPCError) {
            self.id = id
            self.error = error
        }

        /// The rejection of a line that `LineSplitter` reports as overlong.
        package static let overlong = Rejection(
            error: RPCError(
                .invalidRequest,
                "a request may be at most \(ControlLimits.requestBytes) bytes long; this one was discarded"))
    }

    /// Reads one line, with or without its newline. The line is not trusted.
    package init(line: some Collection<UInt8>) throws(Rejection) {
        let envelope: RequestEnvelope
        do {
            envelope = try JSON.decode(from: line)
        } catch {
            let message = #"\#(error); send one object per line, such as {"jsonrpc":"2.0","id":1,"method":"current"}"#
            throw Rejection(error: RPCError(.parseError, message))
        }
        id = envelope.id
        call = try envelope.call.get()
    }

    /// Returns the request as one line with its newline.
    package func line() throws -> [UInt8] { try JSON.line(RequestEnvelope(id: id, call: .success(call))) }
}

/// The id that ties a response to its request. The response has the same id, unchanged.
package enum RequestID: Codable, Sendable, Hashable {
    case null
    case integer(Int64)
    /// A finite number that is not an `integer`.
    case number(Double)
    case string(String)

    /// Throws `DecodingError` when the value is not a number, a string or null.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            self = .string(try container.decode(String.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        }
    }
}
