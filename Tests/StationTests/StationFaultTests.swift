// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import TestSupport
import Testing

/// The real program, with servers that do not do what they should.
@Suite(.enabled(if: Programs.has("ffmpeg", "python3", "openssl")))
struct StationFaultTests {
    /// What a server does, and what is said of it.
    static let refusals = [
        ("/status/404", "404 Not Found"), ("/status/503", "503 Service Unavailable"),
        ("/html", "the server sent a web page (text/html), not audio"),
        ("/lie", "the server sent a web page (audio/mpeg), not audio"),
        ("/text", "the server sent text (text/plain), not audio"),
        ("/garbage", "ffmpeg finds no audio in what the server sends: no format that ffmpeg knows"),
        ("/picture", "ffmpeg finds no audio in what the server sends: a format in which no station sends"),
        ("/redirect/6", "more than 5 redirects"), ("/circle", "more than 5 redirects"),
        ("/to?file:///etc/passwd", "file: is not for stations"),
        ("/to?gopher://127.0.0.1/x", "gopher: is not for stations"),
        ("/loop.m3u", "playlists in playlists, more than 3 deep"), ("/list/4.m3u", "more than 3 deep"),
        ("/empty.m3u", "is empty"), ("/file.m3u", "names no station: file: is not for stations"),
        ("/endless.m3u", "is too large"), ("/close", "closed the connection without an answer"),
        ("/binary", "does not answer in HTTP"), ("/headers", "does not answer in HTTP"),
        ("/auth", "401 Unauthorized: the station wants a user and a password"),
    ]

    @Test(arguments: refusals)
    func `what is no station is told with the reason, in a note and in one line of the log, and tried again`(
        path: String, reason: String
    ) async throws {
        let server = try await RadioServer()
        let station = try RunningStation(url: server.url(path))
        let tried = await eventually { Set(station.details.filter { $0.contains("next try in") }).count >= 3 }
        #expect(tried, "\(station.log) \(station.notesText)")
        let details = station.details.filter { $0.contains("next try in") }
        #expect(details.allSatisfy { $0.contains(reason) }, "\(details)")
        #expect(details.first?.hasSuffix(", next try in 1 s") == true, "\(details)")
        #expect(station.states.allSatisfy { $0 == "connecting" || $0 == "reconnecting" })
        let lines = station.log.split(separator: "\n")
        #expect(lines.count == 1 && lines[0].contains("warning radio: ") && lines[0].contains(reason), "\(lines)")
        #expect(station.process.isRunning)
        // What comes from a server can fill no memory.
        #expect(try Self.residentMegabytes(station.process.pid) < 120)
    }

    private static func residentMegabytes(_ pid: Int32) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(Int(line.filter(\.isNumber))) / 1024
    }

    @Test(arguments: [
        ("/hang", "does not answer within 10 s"), ("/trickle", "does not answer within 10 s"),
        ("/silent", "sends nothing"), ("/open.m3u", "does not end"), ("/stall", "no audio for 10 s"),
    ])
    func `a server that keeps one waiting is given up`(path: String, reason: String) async throws {
        let server = try await RadioServer()
        let station = try RunningStation(url: server.url(path))
        let lost = await eventually(within: 120) { station.details.contains { $0.contains("next try in") } }
        #expect(lost)
        #expect(station.details.contains { $0.contains(reason) && $0.contains("next try in") }, "\(station.notesText)")
    }

    @Test func `a station that drops its listeners is taken up again, in the same FIFO and without another header`()
        async throws
    {
        let server = try await RadioServer()
        let station = try RunningStation(url: server.url("/drop/3"))
        let played = await eventually { station.heard >= 8 }
        #expect(played, "\(station.log)")
        #expect(try station.audio.isTone)
        #expect(server.requests.count >= 3)
        #expect(station.details.contains { $0.hasPrefix("the station ended, next try in") })
        // The same loss, again and again, is one line.
        #expect(station.log.split(separator: "\n").count == 2, "\(station.log)")
    }

    @Test func `a station that was not there is played once it is there`() async throws {
        let server = try await RadioServer()
        let station = try RunningStation(url: server.url("/up"))
        let lost = await eventually { station.states.contains("reconnecting") }
        #expect(lost)
        _ = try server.folder.write("", to: "up")
        let played = await eventually { station.log.contains("playing \(server.url("/up"))") }
        #expect(played, "\(station.log)")
        // A note can come a moment later.
        let isSaid = await eventually { station.states.last == "playing" }
        #expect(isSaid, "\(station.notesText)")
    }

    @Test func `a certificate that is not trusted is refused, for the station and for what a playlist names`()
        async throws
    {
        let keys = try TemporaryFolder()
        try Programs.run(
            "/usr/bin/env",
            [
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=radio",
                "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", keys.file("key"), "-out", keys.file("chain"),
            ])
        let server = try await RadioServer(certificate: (keys.file("chain"), keys.file("key")))
        let url = server.url("/mp3", scheme: "https")
        let refused = try RunningStation(url: url)
        let told = await eventually {
            refused.details.contains { $0.contains("the certificate of 127.0.0.1 is not trusted") }
        }
        #expect(told, "\(refused.notesText)")

        let trusted = try RunningStation("url=\(url)\nca=\(keys.file("chain"))\n")
        let played = await eventually { trusted.heard >= 1 }
        #expect(played, "\(trusted.notesText)")

        let open = try await RadioServer()
        let segment = server.url("/folder/tone.mp3", scheme: "https")
        _ = try open.folder.write(
            "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n\(segment)\n#EXTINF:10,\n\(segment)\n#EXTINF:10,\n\(segment)\n",
            to: "hls.m3u8")
        let segments = try RunningStation(url: open.url("/folder/hls.m3u8"))
        let stopped = await eventually { segments.details.contains { $0.contains("is not trusted") } }
        #expect(stopped, "\(segments.notesText)")
        #expect(segments.heard == 0)
    }

    @Test(arguments: [
        ("file:///etc/passwd", "file: is not for stations"), ("concat:/etc/passwd", "concat: is not for stations"),
        ("/status/404", "a segment: 404 Not Found"), ("/html", "a web page"),
    ])
    func `a segment of HLS that is not HTTP, or not there, or not audio is not played`(segment: String, reason: String)
        async throws
    {
        let server = try await RadioServer()
        let segments = (0..<4).map { _ in "#EXTINF:2,\n\(segment)\n" }.joined()
        _ = try server.folder.write("#EXTM3U\n#EXT-X-TARGETDURATION:2\n\(segments)", to: "hls.m3u8")
        let station = try RunningStation(url: server.url("/folder/hls.m3u8"))
        let told = await eventually { station.details.contains { $0.contains(reason) && $0.contains("next try in") } }
        #expect(told, "\(station.notesText)")
        #expect(station.heard == 0)
    }

    @Test(arguments: ["http", "rtsp"])
    func `a password is in no argument, log line or note while a station fails`(scheme: String) async throws {
        let server = try await RadioServer()
        let password = "s3cret'of the/station"
        let station = try RunningStation(
            """
            url=\(server.url("/status/404?token=s3cret-token", scheme: scheme))
            user=me
            password=\(password)
            """)
        var found: [String] = []
        let lost = try await eventually {
            for process in try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap({ Int($0) }) {
                let file = URL(filePath: "/proc/\(process)/cmdline")
                let line = (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
                if line.contains("s3cret"), !line.contains("python") { found.append(line) }
            }
            return station.details.filter { $0.contains("next try in") }.count >= 3
        }
        #expect(lost, "\(station.notesText)")
        #expect(found.isEmpty, "\(found)")
        #expect(!station.log.contains("s3cret") && !station.notesText.contains("s3cret"), "\(station.log)")
    }

    @Test func `what is wrong with the command line or the file is said, with the line, and nothing starts`() throws {
        let folder = try TemporaryFolder()
        let program = Programs.built("genred-station")
        let wrong = try folder.write("url=file:///x\nuzer=me\n\nno line\npassword=s3cret\n", to: "radio.conf")
        let output = try Programs.run(program, ["--config", wrong, "--check"], status: 78)
        for expected in [
            ":1: url: file: is not for stations", ":2: unknown key \"uzer\"; did you mean user?", ":4: a line is",
        ] {
            #expect(output.contains("\(wrong)\(expected)"), "\(output)")
        }
        #expect(!output.contains("s3cret"))
        let right = try folder.write("url=https://example.org/a.mp3\n", to: "right.conf")
        #expect(try Programs.run(program, ["--config", right, "--check"]) == "\(right): no mistakes\n")
        #expect(try Programs.run(program, [], status: 64).contains("give the station's URL"))
        #expect(try Programs.run(program, ["file:///etc/passwd"], status: 64).contains("file: is not for stations"))
        #expect(
            try Programs.run(program, ["--name", "../x", "--fifo-folder", "/tmp", "http://a/"], status: 64)
                .contains("is no name for a station"))
        let without = try Programs.run(
            program, ["http://127.0.0.1:9/"], environment: ["PATH": folder.path], status: 78)
        #expect(without.contains("sudo apt install ffmpeg"))
        try FileManager.default.createDirectory(atPath: folder.file("s.wav"), withIntermediateDirectories: false)
        let taken = try Programs.run(
            program, ["--name", "s", "--fifo-folder", folder.path, "http://127.0.0.1:9/"], status: 78)
        #expect(taken.contains("is no FIFO"))
    }

    @Test func `a second program with the same name is refused`() async throws {
        let server = try await RadioServer()
        let station = try RunningStation(url: server.url("/mp3"))
        let played = await eventually { station.heard >= 1 }
        #expect(played)
        let output = try Programs.run(
            Programs.built("genred-station"),
            ["--name", "radio", "--fifo-folder", station.folder.path, server.url("/mp3")], status: 78)
        #expect(output.contains("another genred-station feeds radio"))
    }
}
