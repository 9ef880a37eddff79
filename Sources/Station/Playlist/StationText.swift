// SPDX-License-Identifier: GPL-3.0-or-later

/// Text from servers.
enum StationText {
    /// Decodes what is UTF-8 or, as old stations and playlists have it, Latin-1.
    static func decode(_ bytes: some Collection<UInt8>) -> String {
        String(validating: bytes, as: UTF8.self)
            ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    /// Without white space around it.
    static func trimmed(_ text: String) -> String {
        let kept = text.drop { $0.isWhitespace }
        return String(kept.reversed().drop { $0.isWhitespace }.reversed())
    }

    /// The lines of a text, trimmed, without the empty ones.
    static func lines(_ bytes: [UInt8]) -> [String] {
        let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        return content.split { $0 == 10 || $0 == 13 }.map { trimmed(decode($0)) }.filter { !$0.isEmpty }
    }
}
