// SPDX-License-Identifier: GPL-3.0-or-later

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension JSON {
    /// Decodes a JSON object over defaults: an absent key keeps its default, an unknown key is an error.
    ///
    /// - Parameter whole: top-level keys whose values replace the default as a whole, instead of being merged with it.
    package static func decode<Value: Codable>(
        _ text: some Collection<UInt8>, over defaults: Value, whole: Set<String> = []
    ) throws(JSONError) -> Value {
        let given: JSONValue
        do {
            given = try decode(from: text)
        } catch {
            throw JSONError(.malformed, "not JSON")
        }
        guard let known = try? decode(JSONValue.self, from: line(defaults)) else {
            throw JSONError(.unexpected, "the defaults cannot be written as JSON")
        }
        let merged = try merge(given, over: known, whole: whole, at: "")
        do {
            return try decoder.decode(Value.self, from: Data(line(merged)))
        } catch let error as DecodingError {
            // The text is JSON, so only a number can be wrong without a path; Foundation does not tell which one.
            if case .dataCorrupted(let context) = error, context.codingPath.isEmpty, error.refusal == nil {
                throw JSONError(.unexpected, "a number is too large, or has a fraction where a whole one is needed")
            }
            throw JSONError(error)
        } catch {
            throw JSONError(.unexpected, "cannot be decoded")
        }
    }

    private static func merge(
        _ given: JSONValue, over known: JSONValue, whole: Set<String>, at place: String
    ) throws(JSONError) -> JSONValue {
        guard !whole.contains(place), case .object(var result) = known else { return given }
        guard case .object(let given) = given else {
            throw JSONError(.unexpected, "\(place.isEmpty ? "the file" : "'\(place)'") must be an object")
        }
        for (key, value) in given.sorted(by: { $0.key < $1.key }) {
            guard let old = result[key] else {
                let names = result.keys.sorted().joined(separator: ", ")
                throw JSONError(
                    .unexpected,
                    "unknown key '\(key.prefix(60))'\(place.isEmpty ? "" : " in '\(place)'"); known: \(names)")
            }
            result[key] = try merge(value, over: old, whole: whole, at: place.isEmpty ? key : "\(place).\(key)")
        }
        return .object(result)
    }
}
