// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// Which `Host` headers are answered, against DNS rebinding: a page of a stranger whose name suddenly points to this
/// machine would be of the same origin as this server, and its script could read everything.
///
/// With a token any host is answered: the browser has the cookie for the real name only, so a stranger's page gets 401.
/// So is a Unix socket, which no browser reaches.
struct HostCheck: Sendable {
    /// In small letters.
    private let names: Set<String>
    private let allowsAll: Bool

    /// - Parameters:
    ///   - names: other names of this server, such as that of a proxy in front.
    ///   - allowsAll: whether something else protects the server.
    init(names: [String], allowsAll: Bool) {
        self.names = Set(names.map { $0.lowercased() })
        self.allowsAll = allowsAll
    }

    /// - Parameter header: the value of the header; nil if there is none, as browsers never have it.
    func allows(_ header: String?) -> Bool {
        guard !allowsAll, let header else { return true }
        guard let host = Self.host(header) else { return false }
        return host == "localhost" || host.hasSuffix(".localhost") || Self.isLoopback(host) || names.contains(host)
    }

    /// The host of `HOST`, `HOST:PORT` or `[ADDRESS]:PORT` in small letters; nil for anything else.
    static func host(_ header: String) -> String? {
        var host = Substring(header.lowercased())
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return nil }
            let rest = host[host.index(after: end)...]
            guard rest.isEmpty || isPort(rest) else { return nil }
            host = host[host.index(after: host.startIndex)..<end]
        } else if let colon = host.firstIndex(of: ":") {
            guard isPort(host[colon...]) else { return nil }
            host = host[..<colon]
        }
        // A name can end with the dot of the root.
        if host.hasSuffix(".") { host = host.dropLast() }
        return host.isEmpty ? nil : String(host)
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.first == ":" && text.utf8.count <= 6 && text.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isLoopback(_ host: String) -> Bool {
        var address = in_addr()
        if inet_pton(AF_INET, host, &address) == 1 { return UInt32(bigEndian: address.s_addr) >> 24 == 127 }
        return host == "::1"
    }
}
