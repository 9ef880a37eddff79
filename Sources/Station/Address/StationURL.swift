// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CCurl

/// The URL of a station, a playlist or a segment. User and password are kept apart from its text, so that no message
/// and no argument holds them by accident.
struct StationURL: Sendable, Equatable {
    /// The most bytes of a URL.
    static let longest = 8192

    /// Without user, password and fragment.
    let text: String
    let scheme: String
    let host: String
    let path: String
    /// Scheme, host and port: where a password may be sent.
    let origin: String
    /// What messages say: without the query, which often holds a token.
    let shown: String
    var user: String?
    var password: String?

    /// Reads a URL from a person or a server.
    ///
    /// - Parameter base: what a relative one is relative to. Without user and password of its own, a URL of the same
    ///   origin has those of its base.
    init(_ reference: String, relativeTo base: StationURL? = nil) throws(StationFailure) {
        guard reference.utf8.count <= Self.longest else {
            throw StationFailure("a URL has \(reference.utf8.count) bytes; at most \(Self.longest) are read")
        }
        guard let handle = curl_url() else { throw StationFailure("no memory is left") }
        defer { curl_url_cleanup(handle) }
        let flags = UInt32(CURLU_NON_SUPPORT_SCHEME) | UInt32(CURLU_URLENCODE)
        if let base { curl_url_set(handle, CURLUPART_URL, base.text, flags) }
        let result = curl_url_set(handle, CURLUPART_URL, reference, flags)
        guard result == CURLUE_OK, let scheme = Self.part(handle, CURLUPART_SCHEME)?.lowercased() else {
            throw StationFailure("\(Self.quotedWithoutSecrets(reference)) is not a URL; \(Self.rule)")
        }
        guard let obstacle = Self.obstacle(scheme), obstacle.isEmpty else {
            throw StationFailure("\(scheme): is not for stations: \(Self.obstacle(scheme) ?? Self.rule)")
        }
        guard let host = Self.part(handle, CURLUPART_HOST), !host.isEmpty else {
            throw StationFailure("\(Self.quotedWithoutSecrets(reference)) names no host; \(Self.rule)")
        }
        self.scheme = scheme
        self.host = host.lowercased()
        path = Self.part(handle, CURLUPART_PATH) ?? "/"
        user = Self.part(handle, CURLUPART_USER, UInt32(CURLU_URLDECODE))
        password = Self.part(handle, CURLUPART_PASSWORD, UInt32(CURLU_URLDECODE))
        let port = Self.part(handle, CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)) ?? ""
        origin = "\(scheme)://\(self.host):\(port)"
        if user == nil, password == nil, let base, base.origin == origin {
            (user, password) = (base.user, base.password)
        }
        for part in [CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_FRAGMENT] { curl_url_set(handle, part, nil, 0) }
        guard let text = Self.part(handle, CURLUPART_URL) else {
            throw StationFailure("\(Self.quotedWithoutSecrets(reference)) is not a URL; \(Self.rule)")
        }
        self.text = text
        shown = printable(String((text.split(separator: "?", maxSplits: 1).first ?? "").prefix(200)))
    }

    static let rule = "a station's URL begins with http://, https:// or rtsp://"

    /// Why URLs of a scheme are refused: empty for those that are not, nil without a special reason.
    private static func obstacle(_ scheme: String) -> String? {
        switch scheme {
        case "http", "https", "rtsp": ""
        case "rtsps": "ffmpeg does not check the server's certificate; use rtsp:// if the network can be trusted"
        case "file": "genred reads files itself, with a source such as file:/music/set.flac"
        case "mms", "mmsh", "mmst", "rtmp", "rtmps", "icy": "ask the station for an http:// or https:// URL"
        default: nil
        }
    }

    /// With user and password, for the one place that needs them: the script that ffmpeg reads.
    var textWithPassword: String {
        guard let user, let handle = curl_url() else { return text }
        defer { curl_url_cleanup(handle) }
        curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_NON_SUPPORT_SCHEME))
        curl_url_set(handle, CURLUPART_USER, user, UInt32(CURLU_URLENCODE))
        if let password { curl_url_set(handle, CURLUPART_PASSWORD, password, UInt32(CURLU_URLENCODE)) }
        return Self.part(handle, CURLUPART_URL) ?? text
    }

    private static func part(_ handle: OpaquePointer, _ part: CURLUPart, _ flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }

    /// What cannot be read as a URL may still hold a password, so only its beginning is shown, up to anything that could
    /// be one.
    private static func quotedWithoutSecrets(_ reference: String) -> String {
        guard reference.contains("@") || reference.contains("?") else { return quoted(reference.prefix(200)) }
        let scheme = reference.split(separator: ":", maxSplits: 1).first ?? ""
        return "\"\(printable(String(scheme.prefix(20)))):…\""
    }
}
