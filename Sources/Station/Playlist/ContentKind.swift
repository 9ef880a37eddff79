// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// What a server sends, by what it says and by how it begins.
enum ContentKind: Sendable, Equatable {
    case audio
    /// A list of stations: `.m3u`.
    case m3u
    /// A list of stations: `.pls`.
    case pls
    /// An HLS playlist: `.m3u8`.
    case hls
    /// Anything else, with the reason.
    case wrong(String)

    /// - Parameters:
    ///   - type: the Content-Type; empty without one.
    ///   - path: the URL's path.
    ///   - beginning: the first bytes of the body: all that has come, at most `sniffed` of it.
    init(type: String, path: String, beginning: some Collection<UInt8>) {
        let type = String(type.lowercased().prefix { $0 != ";" && $0 != " " })
        let text = StationText.decode(beginning.prefix(Self.sniffed)).lowercased()
        let start = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
        if start.hasPrefix("#extm3u") || start.hasPrefix("#ext-x-") {
            // The same text is a list of stations or of segments.
            self = text.contains("#ext-x-") ? .hls : .m3u
        } else if start.hasPrefix("[playlist]") {
            self = .pls
        } else if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") || type == "text/html" {
            self = .wrong("the server sent a web page (\(type.isEmpty ? "HTML" : Self.shown(type))), not audio")
        } else if Self.m3uTypes.contains(type) {
            self = .m3u
        } else if Self.plsTypes.contains(type) {
            self = .pls
        } else if let reason = Self.refusal(type, start: start) {
            self = .wrong(reason)
        } else if type == "text/plain" || type.isEmpty || type == "application/octet-stream" {
            self = Self.plain(path: path.lowercased(), start: start, isText: type == "text/plain")
        } else if type.hasPrefix("audio/") || type.hasPrefix("video/") || type.hasPrefix("application/") {
            self = .audio
        } else {
            self = .wrong("the server sent \(Self.shown(type)), not audio")
        }
    }

    /// How many bytes are looked at.
    static let sniffed = 4096

    private static let m3uTypes: Set = [
        "audio/x-mpegurl", "audio/mpegurl", "application/x-mpegurl", "application/mpegurl",
        "application/vnd.apple.mpegurl", "audio/vnd.apple.mpegurl", "application/m3u8",
    ]
    private static let plsTypes: Set = ["audio/x-scpls", "audio/scpls", "application/pls+xml", "application/pls"]

    /// What cannot be audio, whoever sends it.
    private static func refusal(_ type: String, start: Substring) -> String? {
        if type == "application/xspf+xml" || start.contains("xspf.org/ns/") {
            return "the server sent an XSPF playlist, which is not read: use the URL in it"
        }
        if type == "application/dash+xml" || start.contains("urn:mpeg:dash") {
            return "the server sent a DASH manifest, which is not read: use the station's HLS or Icecast URL"
        }
        if start.hasPrefix("<asx") { return "the server sent an ASX playlist, which is not read: use the URL in it" }
        if start.hasPrefix("<?xml") || type.hasSuffix("/xml") || type.hasSuffix("+xml") {
            return "the server sent XML (\(shown(type))), not audio"
        }
        if type.hasSuffix("/json") || type.hasSuffix("+json") || type.hasPrefix("image/") {
            return "the server sent \(shown(type)), not audio"
        }
        return nil
    }

    /// Without a telling type the content decides, then the name.
    private static func plain(path: String, start: Substring, isText: Bool) -> ContentKind {
        if start.hasPrefix("http://") || start.hasPrefix("https://") || path.hasSuffix(".m3u")
            || path.hasSuffix(".m3u8")
        {
            return .m3u
        }
        if path.hasSuffix(".pls") { return .pls }
        // Some old servers send MP3 as text; a text has no zero or control bytes.
        let isBinary = start.unicodeScalars.prefix(256).contains { $0.value < 9 }
        return isText && !isBinary ? .wrong("the server sent text (text/plain), not audio") : .audio
    }

    private static func shown(_ type: String) -> String {
        type.isEmpty ? "no content type" : printable(String(type.unicodeScalars.prefix(60)))
    }
}
