// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The `params` object of a request.
struct ParamReader {
    private let container: KeyedDecodingContainer<ParamKey>

    /// Throws when there is a name that the method does not know: a misspelt parameter must not be ignored.
    init(_ container: KeyedDecodingContainer<ParamKey>, known: [String]) throws(RPCError) {
        self.container = container
        if let unknown = container.allKeys.lazy.map(\.stringValue).filter({ !known.contains($0) }).min() {
            let list = known.isEmpty ? "no parameters" : known.joined(separator: ", ")
            throw RPCError(.invalidParams, "unknown parameter \(quoted(unknown)); this method takes \(list)")
        }
    }

    /// Whether the parameter is missing or null.
    func isAbsent(_ name: String) -> Bool { (try? container.decodeNil(forKey: ParamKey(name))) ?? true }

    /// Returns the parameter's value; nil when it has another type or does not fit into `type`.
    func value<Value: Decodable>(_ type: Value.Type, _ name: String) -> Value? {
        try? container.decodeIfPresent(type, forKey: ParamKey(name))
    }

    func source() throws(RPCError) -> String? {
        if isAbsent("source") { return nil }
        guard let name = value(String.self, "source") else {
            throw RPCError(.invalidParams, "source must be a string: the name of a source")
        }
        return name
    }
}

struct ParamKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
