// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc
import NIOCore
import NIOHTTP1

/// A whole response.
struct WebResponse: Sendable {
    var status: HTTPResponseStatus
    var headers: HTTPHeaders
    var body: ByteBuffer

    init(_ status: HTTPResponseStatus, _ contentType: String, _ body: ByteBuffer, headers: [(String, String)] = []) {
        self.status = status
        self.body = body
        self.headers = HTTPHeaders([("Content-Type", contentType), ("Cache-Control", "no-store")])
        for (name, value) in headers { self.headers.replaceOrAdd(name: name, value: value) }
    }

    static func text(_ status: HTTPResponseStatus, _ text: String, headers: [(String, String)] = []) -> WebResponse {
        WebResponse(status, "text/plain; charset=utf-8", ByteBuffer(string: text + "\n"), headers: headers)
    }

    static func json(_ status: HTTPResponseStatus, _ line: [UInt8], headers: [(String, String)] = []) -> WebResponse {
        WebResponse(status, "application/json", ByteBuffer(bytes: line), headers: headers)
    }

    /// An error of a JSON route: the error of the control socket, or the status of HTTP as its code.
    static func error(
        _ status: HTTPResponseStatus, code: Int? = nil, _ message: String, headers: [(String, String)] = []
    ) -> WebResponse {
        struct Envelope: Encodable {
            struct Content: Encodable {
                let code: Int
                let message: String
            }
            let error: Content
        }
        let envelope = Envelope(error: .init(code: code ?? Int(status.code), message: message))
        // A number and a text are always JSON.
        return json(status, (try? JSON.line(envelope)) ?? [], headers: headers)
    }

    /// The headers of every response. The page has no external assets, and nothing else may embed or read it.
    static func commonHeaders() -> HTTPHeaders {
        [
            "Date": httpDate(),
            "Content-Security-Policy":
                "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        ]
    }

    private static func httpDate() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        var text = [CChar](repeating: 0, count: 64)
        // The program never calls setlocale, so the names are English.
        let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
