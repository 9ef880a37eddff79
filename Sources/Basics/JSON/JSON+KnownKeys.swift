// SPDX-License-Identifier: GPL-3.0-or-later

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension JSON {
    /// Returns an object's container. Unknown keys are refused, because a misspelt key would otherwise be ignored.
    package static func container<Key: CodingKey & CaseIterable>(
        of what: String, _ decoder: any Decoder, keyedBy type: Key.Type
    ) throws -> KeyedDecodingContainer<Key> {
        let keys = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        let known = Key.allCases.map(\.stringValue).sorted()
        if let unknown = keys.sorted().first(where: { !known.contains($0) }) {
            throw refusal(
                decoder,
                "unknown key '\(unknown.prefix(60))' in \(what); known: \(known.joined(separator: ", "))")
        }
        return try decoder.container(keyedBy: type)
    }

    /// The error that `init(from:)` throws for a value that is JSON, but not valid for the type.
    package static func refusal(_ decoder: any Decoder, _ message: String) -> DecodingError {
        .dataCorrupted(
            .init(
                codingPath: decoder.codingPath, debugDescription: message,
                underlyingError: JSONError(.unexpected, message)))
    }
}

/// Any key of an object.
private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension DecodingError {
    /// The `JSONError` of a `JSON.refusal`; nil for any other error.
    package var refusal: JSONError? {
        if case .dataCorrupted(let context) = self { return context.underlyingError as? JSONError }
        return nil
    }
}
