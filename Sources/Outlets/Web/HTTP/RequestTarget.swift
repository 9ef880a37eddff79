// SPDX-License-Identifier: GPL-3.0-or-later

/// The target of a request: its path and its query.
struct RequestTarget: Sendable, Equatable {
    /// As it was sent: no path of this server needs decoding, so `/%2e%2e/` is no path of it.
    let path: String
    /// The parameters in their order, decoded.
    let query: [Parameter]
    /// The host of an absolute target (`http://HOST/…`), which takes the place of the header.
    let host: String?

    struct Parameter: Sendable, Equatable {
        var name: String
        var value: String
    }

    /// Parses a target; nil if it is neither a path nor an absolute `http` URI, or if its query is not well encoded.
    init?(_ text: String) {
        var rest = Substring(text)
        var host: String?
        if !rest.hasPrefix("/") {
            let scheme = "http://"
            guard rest.lowercased().hasPrefix(scheme) else { return nil }
            rest = rest.dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            host = String(authority)
            rest = rest.dropFirst(authority.count)
        }
        self.host = host
        let path = rest.prefix { $0 != "?" }
        self.path = path.isEmpty ? "/" : String(path)
        guard let query = Self.parse(rest.dropFirst(path.count + 1)) else { return nil }
        self.query = query
    }

    private static func parse(_ text: Substring) -> [Parameter]? {
        var parameters: [Parameter] = []
        for part in text.split(separator: "&") {
            let name = part.prefix { $0 != "=" }
            guard let decodedName = decoded(name), let value = decoded(part.dropFirst(name.count + 1)) else {
                return nil
            }
            parameters.append(Parameter(name: decodedName, value: value))
        }
        return parameters
    }

    /// Decodes `%41` and `+`; nil for half an escape, or for bytes that are not UTF-8.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
