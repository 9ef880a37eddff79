// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc
import NIOCore

/// Where the server listens: a host and a port.
struct ListenAddress: Sendable, Equatable {
    static let byDefault = ListenAddress(host: "127.0.0.1", port: 8321)

    /// A name, or an IPv4 or IPv6 address without brackets.
    let host: String
    /// 0 for any free port.
    let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Parses `HOST:PORT`; an IPv6 address stands in brackets.
    init(_ text: String) throws(OutletError) {
        let separator = text.lastIndex(of: ":")
        var host = separator.map { String(text[..<$0]) } ?? ""
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = String(host.dropFirst().dropLast()) }
        let digits = separator.map { text[text.index(after: $0)...] } ?? ""
        guard !host.isEmpty, host.contains(":") == isBracketed, !host.contains(where: { "[]/ \t".contains($0) }),
            (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), port <= 65_535
        else {
            throw OutletError(
                .configuration,
                "cannot listen at \(quoted(text)): write HOST:PORT, such as 127.0.0.1:8321, [::1]:8321 or localhost:8321"
            )
        }
        self.init(host: host, port: port)
    }

    /// The addresses to listen at. `localhost` is two, of which a machine without IPv6 lacks the second.
    func resolved() throws(OutletError) -> [SocketAddress] {
        do {
            if host.lowercased() == "localhost" {
                return [
                    try SocketAddress(ipAddress: "127.0.0.1", port: port),
                    try SocketAddress(ipAddress: "::1", port: port),
                ]
            }
            return [try SocketAddress.makeAddressResolvingHost(host, port: port)]
        } catch {
            throw OutletError(
                .system, "cannot listen at \(host): this name has no address; write an address, such as 127.0.0.1")
        }
    }
}

extension SocketAddress {
    /// Whether only this machine reaches the address: a loopback address or a Unix socket.
    var isLocal: Bool {
        switch self {
        case .v4(let address): UInt32(bigEndian: address.address.sin_addr.s_addr) >> 24 == 127
        case .v6(let address):
            withUnsafeBytes(of: address.address.sin6_addr) { bytes in
                let isIPv4 = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
                return isIPv4 ? bytes[12] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
            }
        case .unixDomainSocket: true
        }
    }

    /// Whether any address of the machine is meant: `0.0.0.0` or `::`.
    var isWildcard: Bool { ipAddress == "0.0.0.0" || ipAddress == "::" }

    /// Host and port as in a URL; nil for a Unix socket.
    var authority: String? {
        guard let ipAddress, let port else { return nil }
        return ipAddress.contains(":") ? "[\(ipAddress)]:\(port)" : "\(ipAddress):\(port)"
    }
}
