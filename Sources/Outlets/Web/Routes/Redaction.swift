// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// Removes secrets from what the daemon says of its sources: a URI can hold a password, as its user part or as the value
/// of a parameter, and the messages of devices quote URIs.
enum Redaction {
    static func clean(_ source: SourceStatus) -> SourceStatus {
        var source = source
        source.uri = clean(uri: source.uri)
        source.device = source.device.map(clean(text:))
        if let detail = source.station?.detail { source.station?.detail = clean(text: detail) }
        source.message = source.message.map(clean(text:))
        source.lastError = source.lastError.map(clean(text:))
        return source
    }

    static func clean(_ status: DaemonStatus) -> DaemonStatus {
        var status = status
        status.sources = status.sources.map(clean)
        return status
    }

    static func clean(_ change: DeviceChange) -> DeviceChange {
        var change = change
        change.message = change.message.map(clean(text:))
        return change
    }

    /// Cleans a whole URI, in which a parameter's value goes on to the next `&`.
    static func clean(uri: String) -> String {
        let subject = uri.prefix { $0 != "?" && $0 != "#" }
        var result = withoutUser(subject)
        let rest = uri[subject.endIndex...]
        if rest.first == "?" {
            let query = rest.dropFirst().prefix { $0 != "#" }
            let names = query.split(separator: "&").map { part -> String in
                guard let equals = part.firstIndex(of: "=") else { return String(part) }
                return part[..<equals] + "=…"
            }
            result += "?" + names.joined(separator: "&")
        }
        return result
    }

    /// Cleans every URI in a message.
    static func clean(text: String) -> String {
        guard text.contains("://") || text.contains("?") else { return text }
        return text.split(omittingEmptySubsequences: false) { $0 == " " || $0 == "\"" || $0 == "'" || $0.isNewline }
            .reduce(into: "") { result, word in
                // The character that ended the word before.
                if word.startIndex > text.startIndex { result.append(text[text.index(before: word.startIndex)]) }
                result += word.contains("://") || word.contains("?") ? clean(uri: String(word)) : String(word)
            }
    }

    /// Removes all up to the last `@`, so that a password with an `@` or a `/` in it leaves nothing behind.
    private static func withoutUser(_ text: Substring) -> String {
        guard let range = text.firstRange(of: "://"), let at = text[range.upperBound...].lastIndex(of: "@") else {
            return String(text)
        }
        return String(text[..<range.upperBound] + text[text.index(after: at)...])
    }
}
