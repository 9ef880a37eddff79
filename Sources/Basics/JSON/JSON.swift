// SPDX-License-Identifier: GPL-3.0-or-later

#if canImport(FoundationEssentials)
    // Without ICU and the rest of Foundation a client starts in a few milliseconds.
    import FoundationEssentials
#else
    import Foundation
#endif

/// JSON reader and writer for the protocol and for files. It writes sorted keys, does not escape slashes, and puts a
/// value on one line.
package enum JSON {
    /// The deepest nesting that is read; the protocol and a model file need five levels.
    package static let depth = 32

    static let decoder = JSONDecoder()

    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }()

    /// Encodes a value as one line of UTF-8 with its newline. Throws if a number is infinite or NaN, which JSON cannot
    /// represent.
    package static func line(_ value: some Encodable) throws -> [UInt8] {
        var line = [UInt8](try encoder.encode(value))
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// The same as a string, without the newline.
    package static func text(_ value: some Encodable) throws -> String {
        String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// The same over several lines, for people, without a newline at the end.
    package static func indentedText(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Reads one JSON text (RFC 8259, UTF-8, any value at the top) from an untrusted source.
    package static func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, from text: some Collection<UInt8>
    ) throws(JSONError) -> Value {
        let bytes = [UInt8](text)
        try check(bytes)
        do {
            return try decoder.decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw JSONError(error)
        } catch {
            throw JSONError(.malformed, "not JSON")
        }
    }

    /// Refuses texts that Foundation's JSON readers handle wrongly.
    private static func check(_ text: [UInt8]) throws(JSONError) {
        guard String(validating: text, as: UTF8.self) != nil else { throw JSONError(.notUTF8, "not UTF-8") }
        // Foundation decodes text with zero bytes as UTF-16. If a text ends in its 513th open bracket, it reads past
        // the end and traps (swift-foundation 6.3).
        guard !text.contains(0) else { throw JSONError(.malformed, "a NUL byte in it") }
        guard nesting(of: text) <= depth else { throw JSONError(.tooDeep, "nested deeper than \(depth) levels") }
    }

    /// The largest number of open brackets outside strings. For malformed text it is an upper bound.
    private static func nesting(of text: [UInt8]) -> Int {
        var (open, most) = (0, 0)
        var isInString = false
        var isEscaped = false
        for byte in text {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                open += 1
                most = max(most, open)
            case UInt8(ascii: "]"), UInt8(ascii: "}"): open -= 1
            default: break
            }
        }
        return most
    }
}

/// The reason why a text cannot be read.
package struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable {
        case notUTF8, malformed, tooDeep
        /// It is JSON, but not of the shape asked for.
        case unexpected
    }

    package var code: Code
    /// What is wrong, to be read after "the line is" or alone.
    package var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: DecodingError) {
        if let refusal = error.refusal {
            self = refusal
            return
        }
        switch error {
        case .dataCorrupted(let context) where context.codingPath.isEmpty: self.init(.malformed, "not JSON")
        case .keyNotFound(let key, let context):
            self.init(.unexpected, "\(Self.path(context)) lacks '\(key.stringValue.prefix(60))'")
        case .typeMismatch(let type, let context):
            self.init(.unexpected, "\(Self.path(context)) must be a \(Self.name(type))")
        case .valueNotFound(let type, let context):
            self.init(.unexpected, "\(Self.path(context)) must be a \(Self.name(type)), not null")
        case .dataCorrupted(let context): self.init(.unexpected, "\(Self.path(context)) has an impossible value")
        @unknown default: self.init(.unexpected, "cannot be decoded")
        }
    }

    /// The place of an error as a dotted path, such as 'teachers[0].dropout'.
    private static func path(_ context: DecodingError.Context) -> String {
        guard !context.codingPath.isEmpty else { return "it" }
        let path = context.codingPath.reduce("") { path, key in
            if let index = key.intValue { return "\(path)[\(index)]" }
            return "\(path)\(path.isEmpty ? "" : ".")\(key.stringValue.prefix(60))"
        }
        return "'\(path)'"
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

    package var description: String { message }
}
