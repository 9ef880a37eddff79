// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct WebRouteTests {
    @Test func `every route gives what the control socket gives`() async throws {
        let daemon = try await FedDaemon(["radio", "Kitchen"])
        let server = try await WebServerProcess(socket: daemon.socket)
        try await server.waitForDaemon()
        try await daemon.waitFor("silence")
        let client = try await daemon.client()

        let description = try await server.get("/api/v1/describe")
        #expect(description.status == 200)
        #expect(description.headers["content-type"] == "application/json")
        #expect(description.object["instance"] as? String == (try client.describe().instance))
        let current = try await server.get("/api/v1/current").object["estimates"] as? [[String: Any]]
        #expect(current?.map { $0["source"] as? String } == ["radio", "Kitchen"])
        let one = try await server.get("/api/v1/current?source=Kitchen").object["estimates"] as? [[String: Any]]
        #expect(one?.count == 1)
        let sources = try await server.get("/api/v1/sources").object["sources"] as? [[String: Any]]
        #expect(sources?.map { $0["name"] as? String } == ["radio", "Kitchen"])
        #expect(sources?.first?["uri"] as? String == "pipe:\(daemon.folder.path)/radio.fifo?rate=…&channels=…&format=…")
        let status = try await server.get("/api/v1/status").object
        #expect(status["pid"] as? Int == Int(daemon.pid))
        #expect((status["sources"] as? [[String: Any]])?.first?["uri"] as? String == sources?.first?["uri"] as? String)
        let history = try await server.get("/api/v1/history?source=radio&since=3600&limit=1&totals=true").object
        #expect((history["changes"] as? [[String: Any]])?.count == 1)
        #expect((history["totals"] as? [[String: Any]])?.isEmpty == false)
        let after = try await server.get("/api/v1/history?after=0&limit=5000").object
        #expect((after["changes"] as? [[String: Any]])?.count == (try await daemon.history().count))

        let health = try await server.get("/healthz")
        #expect(health.status == 200 && health.body == "ok\n")
        let metrics = try await server.get("/metrics")
        #expect(
            metrics.status == 200 && metrics.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
        #expect(metrics.body.contains(#"genred_source_up{source="radio"} 1"#))
        #expect(!metrics.body.contains("fifo"))
    }

    @Test func `the page and its files have types and tags, and nothing from elsewhere`() async throws {
        let server = try await WebServerProcess(socket: "/nonexistent/genred.sock")
        for (path, type) in [
            ("/", "text/html"), ("/app.js", "text/javascript"), ("/style.css", "text/css"),
            ("/icon.svg", "image/svg+xml"),
        ] {
            let reply = try await server.get(path)
            #expect(reply.status == 200 && reply.headers["content-type"]?.hasPrefix(type) == true, "\(path)")
            #expect(reply.headers["content-security-policy"]?.hasPrefix("default-src 'self'") == true)
            #expect(reply.headers["x-content-type-options"] == "nosniff")
            #expect(reply.headers["x-frame-options"] == "DENY")
            #expect(reply.headers["referrer-policy"] == "no-referrer")
            #expect(reply.headers["access-control-allow-origin"] == nil)
            let tag = try #require(reply.headers["etag"])
            let again = try await server.get(path, headers: ["If-None-Match: \(tag)"])
            #expect(again.status == 304 && again.body.isEmpty)
            let head = try await server.get(path, method: "HEAD")
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.headers["content-length"] == reply.headers["content-length"])
        }
    }

    @Test func `mistakes get the daemon's own messages`() async throws {
        let daemon = try await FedDaemon()
        let server = try await WebServerProcess(socket: daemon.socket)
        try await server.waitForDaemon()
        func error(_ path: String) async throws -> (Int, Int?, String) {
            let reply = try await server.get(path)
            let error = reply.object["error"] as? [String: Any]
            return (reply.status, error?["code"] as? Int, error?["message"] as? String ?? "")
        }
        let cases: [(path: String, status: Int, code: Int, part: String)] = [
            ("/api/v1/history?limit=0", 400, -32602, "limit must be a whole number from 1 to 10000"),
            ("/api/v1/history?limit=x", 400, -32602, "limit must be"),
            ("/api/v1/history?since=yesterday", 400, -32602, "since must be a time"),
            ("/api/v1/history?totals=maybe", 400, -32602, "totals must be true or false"),
            ("/api/v1/history?limit=1&limit=2", 400, -32602, "given twice"),
            ("/api/v1/current?sauce=radio", 400, -32602, "unknown parameter"),
            ("/api/v1/current?source=attic", 404, -32000, "no source \"attic\""),
            ("/api/v1/events?source=attic", 404, -32000, "no source \"attic\""),
            ("/api/v1/events?after=-1", 400, 400, "after must be"),
            ("/api/v1/reload", 404, 404, "no such route"), ("/api/v1/annotate", 404, 404, "no such route"),
            ("/api/v1/subscribe", 404, 404, "no such route"), ("/api/v2/current", 404, 404, "no such route"),
        ]
        for one in cases {
            let (status, code, message) = try await error(one.path)
            #expect(status == one.status && code == one.code && message.contains(one.part), "\(one.path): \(message)")
        }
        for path in [
            "/nothing", "//", "/../etc/passwd", "/%2e%2e/etc/passwd", "/app.js/", "/app.js%00", "/index.html", "/.",
            "/api",
        ] {
            #expect(try await server.get(path).status == 404, "\(path)")
        }
        for path in ["/api/v1/current?source=%ff", "/?a=%4", "*", "https://localhost/", "app.js"] {
            #expect(try await server.get(path).status == 400, "\(path)")
        }
        #expect(try await server.get("http://localhost/healthz").status == 200)
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
            let reply = try await server.get("/api/v1/current", method: method)
            #expect(reply.status == 405 && reply.headers["allow"] == "GET, HEAD", "\(method)")
        }
    }

    @Test func `without a daemon it says so, and serves its page`() async throws {
        let server = try await WebServerProcess(socket: "/nonexistent/genred.sock")
        for path in ["/api/v1/current", "/api/v1/status", "/api/v1/history"] {
            let reply = try await server.get(path)
            #expect(reply.status == 503)
            #expect((reply.object["error"] as? [String: Any])?["code"] as? Int == 503)
        }
        #expect(try await server.get("/metrics").status == 503)
        let health = try await server.get("/healthz")
        #expect(health.status == 503 && health.body.contains("cannot be reached"))
        #expect(try await server.get("/").status == 200)
    }

    @Test func `health follows the daemon`() async throws {
        let daemon = try await FedDaemon()
        let server = try await WebServerProcess(socket: daemon.socket)
        try await server.waitForDaemon()
        daemon.kill()
        #expect(try await eventually { try await server.get("/healthz").status == 503 })
        try await daemon.start()
        try await server.waitForDaemon()
        #expect(server.log.components(separatedBy: "\n").filter { $0.contains("trying again") }.count == 1)
        #expect(server.log.components(separatedBy: "genred is back").count == 2)
    }
}
