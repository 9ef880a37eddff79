// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Glibc
import TestSupport
import Testing

/// A real `genred-outlet web` at a free port of the loopback address.
final class WebServerProcess {
    let port: UInt16
    let process: ChildProcess
    private let folder: TemporaryFolder
    /// Lives as long as this does.
    private var daemon: FedDaemon?

    /// Starts a daemon with one source and a server, and waits until the one has reached the other.
    convenience init() async throws {
        let daemon = try await FedDaemon()
        try await self.init(socket: daemon.socket)
        self.daemon = daemon
        try await waitForDaemon()
    }

    /// - Parameters:
    ///   - socket: the daemon's control socket.
    ///   - options: more options.
    ///   - third: its descriptor 3, as a service manager passes it; then it gets no address.
    init(
        socket: String, _ options: [String] = [], environment: [String: String] = [:], third: Int32? = nil
    ) async throws {
        folder = try TemporaryFolder()
        let address = third == nil ? "--listen 127.0.0.1:0" : ""
        // A service manager sets LISTEN_PID after the fork, as the shell does here.
        let passed = third == nil ? "" : "LISTEN_PID=$$ LISTEN_FDS=1"
        let outlet = Programs.built("genred-outlet")
        let quoted = options.map { "'\($0)'" }.joined(separator: " ")
        process = try ChildProcess(
            shell: "exec env \(passed) '\(outlet)' --socket '\(socket)' web \(address) \(quoted) >>log 2>&1",
            in: folder.path, environment: environment, third: third)
        let file = folder.file("log")
        var port: UInt16?
        let process = process
        _ = await eventually {
            let log = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            port = log.firstMatch(of: /http:\/\/127\.0\.0\.1:(\d+)/).flatMap { UInt16($0.1) }
            return port != nil || log.contains("a Unix socket") || !process.isRunning
        }
        self.port = port ?? 0
        try #require(process.isRunning, "it has ended: \(log)")
    }

    deinit { process.end() }

    var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }

    /// Resident memory in bytes.
    var memory: Int {
        let text = (try? String(contentsOfFile: "/proc/\(process.pid)/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }

    var descriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.pid)/fd").count) ?? 0
    }

    func connect() throws -> TCPClient { try TCPClient(port: port) }

    /// Sends one request and returns the response.
    func get(
        _ path: String, method: String = "GET", headers: [String] = [], host: String? = "localhost"
    ) async throws -> HTTPReply {
        let client = try connect()
        let lines =
            ["\(method) \(path) HTTP/1.1"] + (host.map { ["Host: \($0)"] } ?? []) + headers + ["Connection: close"]
        await client.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
        return try #require(HTTPReply(await client.readToEnd()), "no response to \(path)")
    }

    /// Whether it still answers.
    func isWell() async -> Bool { (try? await get("/healthz"))?.status == 200 }

    /// Waits until it has reached the daemon.
    func waitForDaemon() async throws {
        let isConnected = try await eventually { try await get("/healthz").status == 200 }
        #expect(isConnected, "\(log)")
    }
}

/// A response as text.
struct HTTPReply {
    let status: Int
    /// Names in small letters.
    let headers: [String: String]
    let body: String

    /// Parses the first response in some bytes.
    init?(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix("HTTP/1."), let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        guard let status = lines[0].split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
        self.status = status
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        self.headers = headers
        body = String(text[end.upperBound...])
    }

    var object: [String: Any] {
        ((try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any]) ?? [:]
    }
}
