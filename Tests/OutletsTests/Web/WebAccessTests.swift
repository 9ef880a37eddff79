// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct WebAccessTests {
    private static let token = "0123456789abcdef0123456789abcdef"

    @Test func `with a token, nothing is given without it but a word on the health`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(Self.token + "\n", to: "token")
        chmod(file, 0o600)
        let server = try await WebServerProcess(socket: "/nonexistent/genred.sock", ["--token-file", file])
        for path in ["/", "/app.js", "/api/v1/current", "/api/v1/events", "/metrics", "/nothing"] {
            for headers in [
                [], ["Authorization: Bearer wrong"], ["Authorization: Bearer \(Self.token)0"],
                ["Authorization: Bearer"],
                ["Cookie: genred_token=wrong; a=b"], ["Authorization: Basic \(Self.token)"],
            ] {
                let reply = try await server.get(path, headers: headers)
                #expect(reply.status == 401 && reply.headers["www-authenticate"] != nil, "\(path) \(headers)")
                #expect(!reply.body.contains(Self.token))
            }
            for headers in ["Authorization: Bearer \(Self.token)", "Cookie: a=b; genred_token=\(Self.token)"] {
                let reply = try await server.get(path, method: "HEAD", headers: [headers])
                #expect(reply.status != 401, "\(path) \(headers)")
            }
        }
        #expect(try await server.get("/").body.contains("needs a token"))
        #expect(try await server.get("/healthz").body == "unavailable\n")
        #expect(
            try await server.get("/healthz", headers: ["Authorization: Bearer \(Self.token)"]).body.contains("reached"))
        // Any name: a stranger's page has no cookie.
        #expect(
            try await server.get("/", headers: ["Authorization: Bearer \(Self.token)"], host: "radio.example").status
                == 200)
        #expect(!server.log.contains(Self.token) && !server.log.contains("every user"))
    }

    @Test func `a browser opens the token's address once and keeps a cookie`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(Self.token, to: "token")
        let server = try await WebServerProcess(
            socket: "/nonexistent/genred.sock", environment: ["GENRED_WEB_TOKEN_FILE": file])
        let reply = try await server.get("/?token=\(Self.token)")
        #expect(reply.status == 303 && reply.headers["location"] == "./")
        let cookie = try #require(reply.headers["set-cookie"])
        #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
        #expect(try await server.get("/", headers: ["Cookie: \(cookie.prefix { $0 != ";" })"]).status == 200)
        #expect(try await server.get("/?token=\(Self.token.dropLast())x").status == 401)
        #expect(try await server.get("/api/v1/current?token=\(Self.token)").status == 401)
        // The file has the usual mode.
        #expect(server.log.contains("every user of this machine can read the token"))
    }

    @Test func `without a token only this machine's names are answered`() async throws {
        let server = try await WebServerProcess(socket: "/nonexistent/genred.sock", ["--host", "radio.example"])
        for host in [
            "localhost", "LocalHost:\(server.port)", "127.0.0.1", "127.9.9.9:80", "[::1]:8321", "a.localhost",
            "radio.example", "RADIO.example:443", "localhost.",
        ] {
            #expect(try await server.get("/", host: host).status == 200, "\(host)")
        }
        for host in [
            "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.1.7", "[::2]", "localhost:x",
            "localhost:80@evil", "", "[::1", "0x7f.1",
        ] {
            let status = try await server.get("/", host: host).status
            #expect(status == 403 || status == 400, "\(host)")
        }
        #expect(try await server.get("/", host: nil).status == 400)
        #expect(try await server.get("/", headers: ["Host: evil.example"]).status == 400)
        #expect(try await server.get("http://evil.example/").status == 403)
    }

    @Test func `an address that others reach needs a token`() throws {
        let folder = try TemporaryFolder()
        let short = try folder.write("short", to: "short")
        let outlet = Programs.built("genred-outlet")
        func refused(_ arguments: [String], _ environment: [String: String] = [:], status: Int32 = 78) throws -> String
        {
            try Programs.run(
                outlet, ["--socket", "/nonexistent", "web"] + arguments, environment: environment, status: status)
        }
        for address in ["0.0.0.0:0", "[::]:0", "10.255.255.1:80"] {
            #expect(try refused(["--listen", address]).contains("openssl rand -hex 32 >FILE"), "\(address)")
        }
        #expect(try refused([], ["GENRED_WEB_LISTEN": "0.0.0.0:0"]).contains("a token is needed"))
        #expect(try refused(["--token-file", short]).contains("the token has 5 characters"))
        #expect(try refused(["--token-file", folder.file("none")]).contains("No such file"))
        for address in ["8321", "localhost", "localhost:", "::1:80", "a:99999", ":80", "[::1]", "a b:80"] {
            #expect(try refused(["--listen", address]).contains("write HOST:PORT"), "\(address)")
        }
        #expect(try refused(["--listen", "no-such-host.invalid:80"], status: 71).contains("has no address"))
    }

    @Test func `a port that is taken is named`() async throws {
        let server = try await WebServerProcess(socket: "/nonexistent/genred.sock")
        let text = try Programs.run(
            Programs.built("genred-outlet"), ["web", "--listen", "127.0.0.1:\(server.port)"], status: 71)
        #expect(text.contains("127.0.0.1:\(server.port)") && text.contains("another program listens there"))
    }

    @Test func `a passed socket is served, and one that others reach needs a token`() async throws {
        let (local, port) = try Self.listen(0x7F00_0001)
        defer { close(local) }
        let server = try await WebServerProcess(socket: "/nonexistent/genred.sock", third: local)
        #expect(server.port == port)
        #expect(try await server.get("/").status == 200)
        let (open, _) = try Self.listen(0)
        defer { close(open) }
        let folder = try TemporaryFolder()
        let process = try ChildProcess(
            shell: "LISTEN_PID=$$ LISTEN_FDS=1 exec '\(Programs.built("genred-outlet"))' web >log 2>&1",
            in: folder.path,
            third: open)
        #expect(await eventually { !process.isRunning })
        #expect(process.status == 78)
    }

    private static func listen(_ address: UInt32) throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = address.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // A sockaddr_in is one kind of sockaddr.
        let result = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) + Glibc.listen(descriptor, 16) + getsockname(descriptor, $0, &length)
            }
        }
        try #require(result == 0)
        return (descriptor, UInt16(bigEndian: name.sin_port))
    }
}
