// SPDX-License-Identifier: GPL-3.0-or-later

/// One line from the daemon, read as far as that is possible without knowing the request.
enum Incoming: Sendable, Equatable {
    case notification(Notification)
    /// A notification that only newer clients know.
    case unknown(method: String)
    /// A result, whose type depends on the request.
    case result(id: RequestID)
    case failure(id: RequestID, RPCError)
}

extension Incoming: Decodable {
    private enum Key: String, CodingKey {
        case id, method, params, result, error
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Key.self)
        if let method = try members.decodeIfPresent(String.self, forKey: .method) {
            switch method {
            case "estimate": self = .notification(.estimate(try members.decode(Estimate.self, forKey: .params)))
            case "change": self = .notification(.change(try members.decode(Change.self, forKey: .params)))
            case "state": self = .notification(.state(try members.decode(DeviceChange.self, forKey: .params)))
            case "lost": self = .notification(.lost(try members.decode(Lost.self, forKey: .params)))
            default: self = .unknown(method: method)
            }
            return
        }
        let id = try members.decodeIfPresent(RequestID.self, forKey: .id) ?? .null
        if let error = try members.decodeIfPresent(RPCError.self, forKey: .error) {
            self = .failure(id: id, error)
        } else if members.contains(.result) {
            self = .result(id: id)
        } else {
            throw DecodingError.keyNotFound(
                Key.result, .init(codingPath: [], debugDescription: "neither a notification nor a response"))
        }
    }
}

/// A successful response, decoded as its result.
struct SuccessfulResponse<Result: Decodable>: Decodable {
    let result: Result
}
