// SPDX-License-Identifier: GPL-3.0-or-later

import NIOCore
import NIOHTTP1

/// How a client shows the token: as `Authorization: Bearer TOKEN`, or in a browser by opening `/?token=TOKEN` once, which
/// puts it into a cookie and leaves the address bar without it.
enum Login {
    static let cookie = "genred_token"

    /// Everything in a request that may be the token.
    static func tokens(in headers: HTTPHeaders) -> [Substring] {
        var found: [Substring] = []
        for value in headers["authorization"] {
            let parts = value.split(separator: " ", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == "bearer" { found.append(parts[1].drop { $0 == " " }) }
        }
        for value in headers["cookie"] {
            for pair in value.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                if pair.hasPrefix("\(cookie)=") { found.append(pair.dropFirst(cookie.utf8.count + 1)) }
            }
        }
        return found
    }

    /// Keeps the token for a year. No script can read it, and no other site's page sends it. The redirect is relative, for
    /// a proxy that serves the page below a path.
    static func response(_ token: AccessToken) -> WebResponse {
        .text(
            .seeOther, "The page is at /.",
            headers: [
                ("Location", "./"),
                ("Set-Cookie", "\(cookie)=\(token.text); Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict"),
            ])
    }

    static func refusal(path: String) -> WebResponse {
        let headers = [("WWW-Authenticate", #"Bearer realm="genred""#)]
        if path.hasPrefix("/api/") {
            return .error(.unauthorized, "send the token as a header: Authorization: Bearer TOKEN", headers: headers)
        }
        guard path == "/" else {
            return .text(.unauthorized, "Send the token as a header: Authorization: Bearer TOKEN", headers: headers)
        }
        let page = """
            <!DOCTYPE html>
            <html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>genred</title>
            <h1>This page needs a token</h1>
            <p>Add it to the address once, and this browser remembers it: <code>/?token=TOKEN</code></p>
            <p>The token is in the file that <code>genred-outlet web --token-file</code> names. Programs send it as a header:
            <code>Authorization: Bearer TOKEN</code></p>
            <p>If you came here by a link of another site and have the token already: <a href="./">open the page</a>.</p>
            </html>

            """
        return WebResponse(.unauthorized, "text/html; charset=utf-8", ByteBuffer(string: page), headers: headers)
    }
}
