// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)), .enabled(if: Programs.has("nginx"))) struct WebProxyTests {
    @Test func `events pass nginx within a second, with nothing set for them`() async throws {
        let daemon = try await FedDaemon()
        await daemon.stop()
        let server = try await WebServerProcess(socket: daemon.socket)
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
        // Without a daemon, these few bytes are all that comes for 15 s: a proxy that fills a buffer would hold them.
        var isTold = false
        while !isTold, let line = await stream.line(patience: .seconds(10)) { isTold = line == "event: daemon" }
        #expect(isTold)
        try await daemon.start()
        var delays: [Double] = []
        // The machine may be busy: one change within a second shows that nothing is held back.
        for _ in 0..<10 where delays.allSatisfy({ $0 >= 1 }) {
            try await daemon.waitFor("silence")
            daemon.play(.noise)
            while let line = await stream.line(patience: .seconds(20)) {
                guard line.hasPrefix("data: "), line.contains(#""from":"silence""#) else { continue }
                let object = try JSONSerialization.jsonObject(with: Data(line.dropFirst(6).utf8)) as? [String: Any]
                let time = try #require(Timestamp(rfc3339: object?["time"] as? String ?? ""))
                delays.append(Timestamp.now.seconds(since: time))
                break
            }
            daemon.play(.silence)
        }
        #expect(delays.contains { $0 < 1 }, "\(delays)")
    }
}
