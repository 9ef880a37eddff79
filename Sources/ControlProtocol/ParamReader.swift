// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The `params` object of a request.
struct ParamReader {
    private let container: KeyedDecodingContainer<ParamKey>

    /// Throws when there is a name that the method does not know: a misspelt parameter must not be taken for one
    /// left out.
    init(_ container: KeyedDecodingContainer<ParamKey>, known: [String]) throws(RPCError) {
        self.container = container
        if let unknown = container.allKeys.lazy.map(\.stringValue).filter({ !known.contains($0) }).min() {
            let list = known.isEmpty ? "this method takes none" : "there is \(known.joined(separator: ", "))"
            throw RPCError(.invalidParams, "no parameter \(quoted(unknown)); \(list)")
        }
    }

    /// Left out or null.
    func isAbsent(_ name: String) -> Bool { (try? container.decodeNil(forKey: ParamKey(name))) ?? true }

    /// Nil when it is of another type or does not fit into it.
    func value<Value: Decodable>(_ type: Value.Type, _ name: String) -> Value? {
        try? container.decodeIfPresent(type, forKey: ParamKey(name))
    }

    func source() throws(RPCError) -> String? {
        if isAbsent("source") { return nil }
        guard let name = value(String.self, "source") else {
            throw RPCError(.invalidParams, "source is the name of a source, a string")
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
