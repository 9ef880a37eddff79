// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

/// A real HTTP server (Python's) that keeps every request and checks its signature with Python's hmac.
///
/// The path of a request says what it answers: `/200`, `/404`, `/302`, `/hang`, `/close`, `/flood`; `/busy` answers 503 to
/// the first two requests with one key and 200 to the third, `/later` 429 with `Retry-After: 1` to the first.
final class HookServer {
    struct Request: Decodable {
        var path: String
        var headers: [String: String]
        var body: String
        var isSigned: Bool
        var time: Double

        var event: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
        }
    }

    static let secret = "hush-hush-of-the-hooks"

    let folder: TemporaryFolder
    private let process: ChildProcess
    let port: Int

    /// - Parameter certificate: files of a certificate and its key, for https.
    init(certificate: (chain: String, key: String)? = nil) async throws {
        folder = try TemporaryFolder()
        let script = try folder.write(Self.script, to: "server.py")
        let tls = certificate.map { "'\($0.chain)' '\($0.key)'" } ?? ""
        process = try ChildProcess(
            shell: "exec python3 '\(script)' '\(Self.secret)' \(tls) >server.log 2>&1", in: folder.path)
        let portFile = folder.file("port")
        var found: Int?
        _ = await eventually {
            found = (try? String(contentsOfFile: portFile, encoding: .utf8)).flatMap { Int($0) }
            return found != nil
        }
        port = try #require(found, "the server does not start")
    }

    deinit { process.end() }

    var requests: [Request] {
        let text = (try? String(contentsOfFile: folder.file("requests"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap {
            try? JSONDecoder().decode(Request.self, from: Data($0.utf8))
        }
    }

    func url(_ path: String, scheme: String = "http") -> String { "\(scheme)://127.0.0.1:\(port)\(path)" }

    private static let script = #"""
        import collections, hashlib, hmac, http.server, json, os, ssl, sys, threading, time
        secret = sys.argv[1].encode()
        seen, lock = collections.Counter(), threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                wanted = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
                line = json.dumps({
                    "path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body.decode(),
                    "isSigned": hmac.compare_digest(wanted, self.headers.get("X-Genred-Signature", "")),
                    "time": time.time()})
                key = (self.path, self.headers["Idempotency-Key"])
                with lock:
                    seen[key] += 1
                    count = seen[key]
                    with open("requests", "a") as file:
                        file.write(line + "\n")
                what = self.path.split("?")[0].split("/")[1]
                status = {"busy": 503 if count < 3 else 200, "later": 429 if count < 2 else 200, "flood": 200}.get(what)
                if what == "hang":
                    time.sleep(30)
                    return
                if what == "close":
                    return
                self.send_response(status or int(what))
                if status == 429:
                    self.send_header("Retry-After", "2")
                if what == "302":
                    self.send_header("Location", "/200/redirected")
                self.send_header("Content-Length", str(1 << 30 if what == "flood" else 0))
                self.end_headers()
                if what == "flood":
                    for _ in range(1 << 14):
                        self.wfile.write(b"x" * (1 << 16))

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        if len(sys.argv) > 2:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[2], sys.argv[3])
            server.socket = context.wrap_socket(server.socket, server_side=True)
        with open("port.new", "w") as file:
            file.write(str(server.server_address[1]))
        os.rename("port.new", "port")
        server.serve_forever()
        """#
}
