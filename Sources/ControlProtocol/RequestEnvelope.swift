// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// A request in its JSON form. Decoding fails only where the text is not JSON. Every other mistake is kept with the id,
/// because the response needs both.
///
/// Only known members are read: decoding an arbitrary value of 64 KiB can take seconds.
struct RequestEnvelope {
    var id: RequestID?
    var call: Result<ControlCall, Request.Rejection>

    private enum Key: String, CodingKey {
        case jsonrpc, id, method, params
    }
}

extension RequestEnvelope: Decodable {
    init(from decoder: any Decoder) throws {
        guard let members = try? decoder.container(keyedBy: Key.self) else {
            let isBatch = (try? decoder.unkeyedContainer()) != nil
            let message =
                isBatch
                ? "batches are not supported; send each request on a line of its own" : "a request must be an object"
            call = .failure(Request.Rejection(error: RPCError(.invalidRequest, message)))
            return
        }
        id = members.contains(.id) ? try value(RequestID.self, in: members, at: .id) ?? .null : nil
        do {
            call = .success(try Self.call(in: members))
        } catch let error as RPCError {
            // JSON-RPC: an invalid request without an id is answered with the id null; a notification with an unknown
            // method or wrong parameters is not answered.
            let answer = id ?? (error.code == .invalidRequest ? .null : nil)
            call = .failure(Request.Rejection(id: answer, error: error))
        }
    }

    private static func call(in members: KeyedDecodingContainer<Key>) throws -> ControlCall {
        if members.contains(.id), try !members.decodeNil(forKey: .id),
            try value(RequestID.self, in: members, at: .id) == nil
        {
            throw RPCError(.invalidRequest, "id must be a number, a string or null")
        }
        guard try value(String.self, in: members, at: .jsonrpc) == "2.0" else {
            throw RPCError(.invalidRequest, #"not JSON-RPC 2.0; add "jsonrpc":"2.0""#)
        }
        guard let name = try value(String.self, in: members, at: .method) else {
            throw RPCError(.invalidRequest, "method must be a string: one of \(ControlMethod.list)")
        }
        guard let method = ControlMethod(rawValue: name) else {
            throw RPCError(.methodNotFound, "no method \(quoted(name)); the methods are \(ControlMethod.list)")
        }
        switch method {
        case .describe: return try params(NoParams(), in: members, .describe)
        case .current: return .current(try params(in: members))
        case .subscribe: return .subscribe(try params(in: members))
        case .history: return .history(try params(in: members))
        case .annotate: return .annotate(try annotateParams(in: members))
        case .sources: return try params(NoParams(), in: members, .sources)
        case .status: return try params(NoParams(), in: members, .status)
        case .reload: return try params(NoParams(), in: members, .reload)
        }
    }

    private static func params(
        _: NoParams, in members: KeyedDecodingContainer<Key>, _ call: ControlCall
    ) throws -> ControlCall {
        let _: NoParams = try params(in: members)
        return call
    }

    private static func annotateParams(in members: KeyedDecodingContainer<Key>) throws -> AnnotateParams {
        guard members.contains(.params) else {
            throw RPCError(.invalidParams, #"params are missing; send {"source":"radio","title":"So What"}"#)
        }
        return try params(in: members)
    }

    private static func params<Params: RequestParams>(in members: KeyedDecodingContainer<Key>) throws -> Params {
        guard members.contains(.params) else { return Params() }
        if let container = try? members.nestedContainer(keyedBy: ParamKey.self, forKey: .params) {
            return try Params(ParamReader(container, known: Params.names))
        }
        if (try? members.nestedUnkeyedContainer(forKey: .params)) != nil {
            throw RPCError(.invalidParams, "params must be an object, with the parameters by name")
        }
        throw RPCError(.invalidRequest, "params must be an object")
    }
}

extension RequestEnvelope: Encodable {
    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode("2.0", forKey: .jsonrpc)
        try members.encodeIfPresent(id, forKey: .id)
        let call = try call.get()
        try members.encode(call.method.rawValue, forKey: .method)
        switch call {
        case .describe, .sources, .status, .reload: break
        case .current(let params): try members.encode(params, forKey: .params)
        case .subscribe(let params): try members.encode(params, forKey: .params)
        case .history(let params): try members.encode(params, forKey: .params)
        case .annotate(let params): try members.encode(params, forKey: .params)
        }
    }
}

/// Returns the value at `key`; nil when it is missing, null or of another type. Throws when it is not JSON.
private func value<Value: Decodable, Key>(
    _ type: Value.Type, in members: KeyedDecodingContainer<Key>, at key: Key
) throws -> Value? {
    do {
        return try members.decodeIfPresent(type, forKey: key)
    } catch DecodingError.typeMismatch {
        return nil
    } catch DecodingError.valueNotFound {
        return nil
    }
}
