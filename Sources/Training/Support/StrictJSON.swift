// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// Decodes a JSON object over defaults: keys that are absent keep them, keys that do not exist are errors.
enum StrictJSON {
    /// - Parameter whole: keys at the top whose values replace the defaults as a whole.
    static func decode<T: Codable>(
        _ bytes: [UInt8], over defaults: T, whole: Set<String> = [], path: String
    ) throws(TrainingError) -> T {
        func malformed(_ message: String) -> TrainingError { TrainingError(.malformed, "\(path): \(message)") }
        let given: Any
        do {
            try JSON.check(bytes)
            given = try JSONSerialization.jsonObject(with: Data(bytes))
        } catch {
            throw malformed("not JSON")
        }
        guard let known = try? JSONSerialization.jsonObject(with: JSONEncoder().encode(defaults)) else {
            throw malformed("the defaults cannot be written as JSON")
        }
        do {
            let merged = try merge(given, over: known, whole: whole, at: "")
            return try JSONDecoder().decode(T.self, from: JSONSerialization.data(withJSONObject: merged))
        } catch let error as TrainingError {
            throw malformed(error.message)
        } catch let error as DecodingError {
            throw malformed(describe(error))
        } catch {
            throw malformed("cannot be understood")
        }
    }

    private static func merge(
        _ given: Any, over known: Any, whole: Set<String>, at place: String
    ) throws(TrainingError) -> Any {
        if whole.contains(place) { return given }
        guard var result = known as? [String: Any] else { return given }
        guard let given = given as? [String: Any] else {
            throw TrainingError(.malformed, "\(place.isEmpty ? "the file" : "'\(place)'") must be an object")
        }
        for (key, value) in given.sorted(by: { $0.key < $1.key }) {
            guard let old = result[key] else {
                let names = result.keys.sorted().joined(separator: ", ")
                throw TrainingError(
                    .malformed,
                    "unknown key '\(key.prefix(60))'\(place.isEmpty ? "" : " in '\(place)'"); known: \(names)")
            }
            result[key] = try merge(value, over: old, whole: whole, at: place.isEmpty ? key : "\(place).\(key)")
        }
        return result
    }

    private static func describe(_ error: DecodingError) -> String {
        if let refusal = error.refusal { return refusal.message }
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        }
        switch error {
        case .typeMismatch(let type, let context): return "'\(path(context))' must be a \(name(type))"
        case .valueNotFound(let type, let context): return "'\(path(context))' must be a \(name(type)), not null"
        case .keyNotFound(let key, let context): return "'\(path(context))' lacks '\(key.stringValue)'"
        case .dataCorrupted(let context):
            // Foundation does not say which of the numbers it was.
            return context.codingPath.isEmpty
                ? "a number is too large, or has a fraction where a whole one is needed"
                : "'\(path(context))' has an impossible value"
        @unknown default: return "cannot be understood"
        }
    }

    private static func name(_ type: Any.Type) -> String {
        switch type {
        case is Int.Type: "whole number"
        case is Double.Type, is Float.Type: "number"
        case is String.Type: "string"
        case is Bool.Type: "boolean"
        case is [Any].Type: "list"
        default: "value of another kind"
        }
    }
}
