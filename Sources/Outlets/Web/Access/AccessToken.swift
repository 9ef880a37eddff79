// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CCrypto
import ControlProtocol
import Glibc

/// The secret that a client of the server shows, as a header or as a cookie.
struct AccessToken: Sendable {
    static let fewestCharacters = 16
    static let mostCharacters = 512
    static let advice = "openssl rand -hex 32 >FILE && chmod 600 FILE"

    let text: String
    private let bytes: [UInt8]

    /// - Parameter text: characters that a cookie can hold.
    init(_ text: String) throws(OutletError) {
        let bytes = Array(text.utf8)
        guard (Self.fewestCharacters...Self.mostCharacters).contains(bytes.count) else {
            throw OutletError(
                .configuration,
                "the token has \(bytes.count) characters; it must have \(Self.fewestCharacters) to \(Self.mostCharacters)."
                    + " Make one with: \(Self.advice)")
        }
        // RFC 6265's characters of a cookie, less those that a URL's query would escape.
        let isPlain = bytes.allSatisfy { byte in
            (0x21...0x7E).contains(byte) && !#"",;\%&+#"#.utf8.contains(byte)
        }
        guard isPlain else {
            throw OutletError(
                .configuration,
                #"the token may hold letters, digits and ASCII punctuation without ",;\%&+# only. Make one with: "#
                    + Self.advice)
        }
        self.text = text
        self.bytes = bytes
    }

    /// Whether a client's text is the token. How long that takes says nothing of how much of it is right.
    func matches(_ candidate: some StringProtocol) -> Bool {
        let other = Array(candidate.utf8)
        return other.count == bytes.count && CRYPTO_memcmp(other, bytes, bytes.count) == 0
    }

    /// Reads the token's file: that of the option, or a credential of the service manager. Nil if there is none.
    static func load(
        option: String?, _ variable: (String) -> String? = SocketPath.variable, warn: (String) -> Void
    ) throws(OutletError) -> AccessToken? {
        if let path = option ?? variable("GENRED_WEB_TOKEN_FILE").flatMap({ $0.isEmpty ? nil : $0 }) {
            let text = try read(path)
            warnIfShared(path, warn)
            return try parse(text, path: path)
        }
        guard let folder = variable("CREDENTIALS_DIRECTORY") else { return nil }
        let path = "\(folder)/web-token"
        guard access(path, F_OK) == 0 else { return nil }
        let text = try read(path)
        return text.isEmpty ? nil : try parse(text, path: path)
    }

    private static func read(_ path: String) throws(OutletError) -> String {
        do {
            let bytes = try readWholeFile(path, limit: 4096)
            let text = String(decoding: bytes, as: UTF8.self)
            return String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        } catch {
            throw OutletError(
                .configuration, "cannot read the token's file \(path): \(error.message). Make one with: \(advice)")
        }
    }

    private static func parse(_ text: String, path: String) throws(OutletError) -> AccessToken {
        do {
            return try AccessToken(text)
        } catch {
            throw OutletError(.configuration, "\(path): \(error.lines.joined(separator: " "))")
        }
    }

    private static func warnIfShared(_ path: String, _ warn: (String) -> Void) {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IROTH != 0 {
            warn("every user of this machine can read the token in \(path); change that with: chmod o= \(path)")
        }
    }
}
