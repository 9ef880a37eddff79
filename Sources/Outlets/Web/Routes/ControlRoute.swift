// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import NIOHTTP1

/// `GET /api/v1/METHOD`: the result of a method of the control socket.
struct ControlRoute: Sendable {
    static let methods: [ControlMethod] = [.describe, .current, .sources, .status, .history]

    let call: ControlCall

    /// Reads the query's parameters with the daemon's own checks and messages.
    init(_ method: ControlMethod, _ query: [RequestTarget.Parameter]) throws(RPCError) {
        var params: [String: JSONValue] = [:]
        for parameter in query {
            guard params.updateValue(Self.value(parameter), forKey: parameter.name) == nil else {
                throw RPCError(.invalidParams, "\(quoted(parameter.name)) is given twice")
            }
        }
        let request: JSONValue = .object([
            "jsonrpc": .string("2.0"), "id": .integer(1), "method": .string(method.rawValue), "params": .object(params),
        ])
        guard let line = try? JSON.line(request) else {
            throw RPCError(.invalidParams, "a parameter cannot be written as JSON")
        }
        do {
            call = try Request(line: line).call
        } catch {
            throw error.error
        }
    }

    private static func value(_ parameter: RequestTarget.Parameter) -> JSONValue {
        let text = parameter.value
        switch parameter.name {
        case "after", "limit": return Int(text).map(JSONValue.integer) ?? .string(text)
        case "since": return Double(text).flatMap { $0.isFinite ? .number($0) : nil } ?? .string(text)
        case "totals": return Bool(text).map(JSONValue.bool) ?? .string(text)
        default: return .string(text)
        }
    }

    /// Asks the daemon, and returns the result as a line of JSON.
    func answer(_ client: ControlClient) throws -> [UInt8] {
        switch call.method {
        case .describe: try JSON.line(client.call(call, returning: Description.self))
        case .current: try JSON.line(client.call(call, returning: CurrentResult.self))
        case .history: try JSON.line(client.call(call, returning: HistoryResult.self))
        case .sources:
            try JSON.line(
                SourcesResult(sources: client.call(call, returning: SourcesResult.self).sources.map(Redaction.clean)))
        case .status: try JSON.line(Redaction.clean(client.call(call, returning: DaemonStatus.self)))
        // No route leads to a method that changes something.
        case .subscribe, .annotate, .reload: []
        }
    }

    static func response(_ error: RPCError) -> WebResponse {
        let status: HTTPResponseStatus =
            switch error.code {
            case .invalidParams, .invalidRequest, .parseError: .badRequest
            case .unknownSource, .methodNotFound: .notFound
            case .tooManyClients, .notStarted: .serviceUnavailable
            default: .internalServerError
            }
        return .error(status, code: error.code.rawValue, error.message)
    }

    static func response(_ error: any Error) -> WebResponse {
        guard let error = error as? ControlError else {
            return .error(.internalServerError, "the answer cannot be written as JSON; please report this")
        }
        if case .answered(let answer) = error.code { return response(answer) }
        return .error(.serviceUnavailable, error.message, headers: [("Retry-After", "2")])
    }
}
