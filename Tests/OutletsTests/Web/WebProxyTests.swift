// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)), .enabled(if: Programs.has("nginx"))) struct WebProxyTests {
    @Test func `events pass nginx within a second, with nothing set for them`() async throws {
        let daemon = try await FedDaemon()
        let server = try await WebServerProcess(socket: daemon.socket)
        try await server.waitForDaemon()
        let folder = try TemporaryFolder()
        let socket = folder.file("nginx.sock")
        _ = try folder.write(
            """
            daemon off; worker_processes 1; pid nginx.pid; error_log error.log;
            events { worker_connections 64; }
            http {
              access_log off;
              client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
              server {
                listen unix:\(socket);
                location / { proxy_pass http://127.0.0.1:\(server.port); }
              }
            }

            """, to: "nginx.conf")
        let nginx = try ChildProcess(
            shell: "exec \(Programs.find("nginx")!) -p '\(folder.path)' -e error.log -c nginx.conf >log 2>&1",
            in: folder.path)
        defer {
            nginx.signal(SIGTERM)
            _ = blockUntil(within: 10) { !nginx.isRunning }
            nginx.end()
        }
        var client: RawClient?
        #expect(
            await eventually {
                client = try? RawClient(socket)
                return client != nil
            })
        let stream = try #require(client)
        await stream.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
        #expect(await stream.line(patience: .seconds(10))?.contains("200") == true)
        var estimates = 0
        let start = monotonicSeconds()
        while estimates < 5, let line = await stream.line(patience: .seconds(5)) {
            if line.hasPrefix("event: estimate") { estimates += 1 }
        }
        #expect(estimates == 5)
        // 17 a second are sent. Were they held back, they would come when a buffer of 4 KiB is full.
        #expect(monotonicSeconds() - start < 3)
        try await daemon.waitFor("silence")
        daemon.play(.noise)
        var delay: Double?
        while let line = await stream.line(patience: .seconds(20)) {
            guard line.hasPrefix("data: "), line.contains(#""from":"silence""#) else { continue }
            let object = try JSONSerialization.jsonObject(with: Data(line.dropFirst(6).utf8)) as? [String: Any]
            let time = try Date(
                object?["time"] as? String ?? "",
                strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true))
            delay = Date.now.timeIntervalSince(time)
            break
        }
        #expect(delay.map { $0 < 1 } == true, "\(delay ?? -1) s")
    }
}
