// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Yams

/// The part of JSON Schema (draft 7) that the configuration's schema uses, applied to YAML files. Plain scalars have the
/// types of YAML 1.2. An unknown keyword is an error of the schema.
struct JSONSchema {
    struct Unknown: Error { var keyword: String }

    let root: [String: Any]

    /// The first violation found in a YAML file, or nil.
    func problem(in text: String) throws -> String? { try problem(Self.value(try Yams.compose(yaml: text)), root, "") }

    /// The schema of every property, by its path: `socket.mode`, `sources[].name`.
    func properties(of schema: [String: Any]? = nil, prefix: String = "") -> [String: [String: Any]] {
        let schema = schema ?? root
        var found: [String: [String: Any]] = [:]
        for (name, property) in schema["properties"] as? [String: [String: Any]] ?? [:] {
            found[prefix + name] = property
            found.merge(properties(of: property, prefix: "\(prefix)\(name).")) { $1 }
            if let items = property["items"] as? [String: Any] {
                found.merge(properties(of: items, prefix: "\(prefix)\(name)[].")) { $1 }
            }
        }
        return found
    }

    /// Converts a node to JSON's values: String, Double, Bool, NSNull, Array, Dictionary.
    static func value(_ node: Node?) -> Any {
        switch node {
        case .mapping(let mapping):
            return Dictionary(mapping.map { ($0.key.string ?? "", value($0.value)) }) { $1 }
        case .sequence(let sequence): return sequence.map { value($0) }
        case .scalar(let scalar) where scalar.style == .plain || scalar.style == .any:
            switch scalar.string {
            case "", "~", "null", "Null", "NULL": return NSNull()
            case "true", "True", "TRUE": return true
            case "false", "False", "FALSE": return false
            default:
                let isNumber =
                    scalar.string.wholeMatch(of: /[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?/) != nil
                if isNumber, let number = Double(scalar.string) { return number }
                return scalar.string
            }
        case .scalar(let scalar): return scalar.string
        default: return NSNull()
        }
    }

    private func problem(_ value: Any, _ schema: [String: Any], _ path: String) throws -> String? {
        for (keyword, rule) in schema {
            if let problem = try problem(value, keyword, rule, schema, path) { return problem }
        }
        return nil
    }

    private func problem(
        _ value: Any, _ keyword: String, _ rule: Any, _ schema: [String: Any], _ path: String
    ) throws -> String? {
        func fail(_ isWrong: Bool) -> String? { isWrong ? "\(path): \(keyword) \(rule)" : nil }
        let (text, number) = (value as? String, value is Bool ? nil : value as? Double)
        switch keyword {
        case "$schema", "title", "description", "default", "examples", "definitions": return nil
        case "$ref":
            let name = (rule as? String)?.replacingOccurrences(of: "#/definitions/", with: "") ?? ""
            guard let target = (root["definitions"] as? [String: [String: Any]])?[name] else {
                throw Unknown(keyword: "$ref \(name)")
            }
            return try problem(value, target, path)
        case "type":
            let types = rule as? [String] ?? [rule as? String ?? ""]
            return fail(!types.contains(Self.type(of: value, whole: types.contains("integer"))))
        case "enum": return fail(!(rule as? [Any] ?? []).contains { Self.isSame($0, value) })
        case "const": return fail(!Self.isSame(rule, value))
        case "minimum": return fail(number.map { $0 < rule as? Double ?? 0 } ?? false)
        case "maximum": return fail(number.map { $0 > rule as? Double ?? 0 } ?? false)
        case "minLength": return fail(text.map { $0.unicodeScalars.count < rule as? Int ?? 0 } ?? false)
        case "maxLength": return fail(text.map { $0.unicodeScalars.count > rule as? Int ?? 0 } ?? false)
        case "pattern":
            return fail(try text.map { try $0.firstMatch(of: Regex(rule as? String ?? "")) == nil } ?? false)
        case "anyOf":
            let options = rule as? [[String: Any]] ?? []
            return fail(try !options.contains { try problem(value, $0, path) == nil })
        case "minItems": return fail((value as? [Any]).map { $0.count < rule as? Int ?? 0 } ?? false)
        case "maxItems": return fail((value as? [Any]).map { $0.count > rule as? Int ?? 0 } ?? false)
        case "items":
            for item in value as? [Any] ?? [] {
                if let problem = try problem(item, rule as? [String: Any] ?? [:], "\(path)[]") { return problem }
            }
            return nil
        case "required":
            guard let members = value as? [String: Any] else { return nil }
            return fail(!(rule as? [String] ?? []).allSatisfy { members[$0] != nil })
        case "additionalProperties":
            guard let members = value as? [String: Any] else { return nil }
            let known = schema["properties"] as? [String: Any] ?? [:]
            return fail(!members.keys.allSatisfy { known[$0] != nil })
        case "properties":
            guard let members = value as? [String: Any] else { return nil }
            for (name, property) in rule as? [String: [String: Any]] ?? [:] {
                guard let member = members[name] else { continue }
                if let problem = try problem(member, property, "\(path).\(name)") { return problem }
            }
            return nil
        default: throw Unknown(keyword: keyword)
        }
    }

    private static func type(of value: Any, whole: Bool) -> String {
        switch value {
        case is String: "string"
        case is Bool: "boolean"
        case let number as Double: whole && number == number.rounded() ? "integer" : "number"
        case is [Any]: "array"
        case is [String: Any]: "object"
        default: "null"
        }
    }

    private static func isSame(_ a: Any, _ b: Any) -> Bool {
        (a as? String).map { $0 == b as? String } ?? (a is Bool && b is Bool && a as? Bool == b as? Bool)
    }
}
