// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import TestSupport
import Testing

/// The real program, with servers that behave.
@Suite(.enabled(if: Programs.has("ffmpeg", "python3")))
struct StationPlayTests {
    @Test(arguments: ["/mp3", "/icy", "/ogg", "/redirect/5", "/list/3.m3u", "/pls", "/second.m3u"])
    func `a station is played, over redirects and playlists, whatever its server calls its format`(path: String)
        async throws
    {
        let server = try await RadioServer()
        let station = try RunningStation(url: server.url(path))
        let came = await eventually { station.heard >= 3 }
        #expect(came, "\(station.log) \(station.notesText)")
        #expect(try station.audio.isTone)
        // A note can come a moment later.
        let isSaid = await eventually { station.states.last == "playing" }
        #expect(isSaid, "\(station.notesText)")
        #expect(server.requests.first?.headers["user-agent"]?.hasPrefix("genred-station/") == true)
        // The second station of a list is tried because the first is not there.
        #expect(station.log.split(separator: "\n").count == (path == "/second.m3u" ? 2 : 1), "\(station.log)")
    }

    @Test(arguments: ["/mp3", "/icy"])
    func `titles are passed on, in UTF-8 or Latin-1, and a reader of the notes that comes late gets the present one`(
        path: String
    ) async throws {
        let server = try await RadioServer()
        try server.setTitle(Array("Björk - It's in 'Our' Hands; live".utf8))
        let station = try RunningStation(url: server.url(path))
        let first = await eventually { station.titles.contains("Björk - It's in 'Our' Hands; live") }
        #expect(first, "\(station.notesText)")
        try server.setTitle([0x4D, 0xFC, 0x6E, 0x63, 0x68, 0x65, 0x6E, 0x07])
        let second = await eventually { station.titles.last == "München" }
        #expect(second, "\(station.notesText)")
        let late = try ChildProcess(shell: "exec head -n 2 radio.notes >late", in: station.folder.path)
        defer { late.end() }
        // Two readers share a FIFO, so the first has to go.
        station.endNotesReader()
        let done = await eventually { !late.isRunning }
        #expect(done)
        let text = try String(contentsOfFile: station.folder.file("late"), encoding: .utf8)
        #expect(text.contains("playing") && text.contains("München"))
        #expect(try station.audio.isTone)
    }

    @Test func `every reader gets a header and whole frames, and a reader that goes away does not end the station`()
        async throws
    {
        let server = try await RadioServer()
        let station = try RunningStation(url: server.url("/mp3"), listens: false)
        for _ in 0..<4 {
            let recording = try await station.listen(seconds: 1)
            #expect(recording.isTone)
        }
        #expect(station.process.isRunning)
        #expect(server.requests.count == 1, "the station is not asked anew for a reader")
        #expect(station.log.split(separator: "\n").count == 1, "\(station.log)")
    }

    @Test func `without a reader the station is left, and asked again as soon as there is one`() async throws {
        let server = try await RadioServer()
        let station = try RunningStation(url: server.url("/mp3"), options: "--hang-up 2s", listens: false)
        let stopped = await eventually { station.states.last == "stopped" }
        #expect(stopped && station.details.last == "nobody listens", "\(station.notesText)")
        let left = await eventually { server.listeners == 0 }
        #expect(left)
        let recording = try await station.listen(seconds: 1)
        #expect(recording.isTone)
        #expect(station.states.contains("playing"))
        #expect(station.log.contains("radio: nobody has listened for 2 s: hung up until somebody does"))
    }

    @Test func `a reader that is stuck does not make the station count as silent`() async throws {
        let server = try await RadioServer()
        let station = try RunningStation(url: server.url("/mp3"), listens: false)
        let reader = try ChildProcess(
            shell: "exec 9<radio.wav; sleep 25; exec head -c 900000 <&9 >stuck", in: station.folder.path)
        defer { reader.end() }
        let done = await eventually(within: 120) { !reader.isRunning }
        #expect(done)
        #expect(try Recording(station.folder.file("stuck")).isTone)
        #expect(!station.states.contains("reconnecting"), "\(station.notesText)")
    }

    @Test func `HLS is played, live and recorded, in both kinds of segments, and by byte ranges`() async throws {
        let server = try await RadioServer()
        let options = "-nostdin -loglevel error -re -f lavfi -i 'aevalsrc=0.5*sin(2*PI*440*t)|0:s=44100:d=600' -c:a aac"
        let hls = "-f hls -hls_time 2 -hls_list_size 4"
        let live = try ChildProcess(
            shell: "exec ffmpeg \(options) \(hls) -master_pl_name master.m3u8 live.m3u8", in: server.folder.path)
        let fragments = try ChildProcess(
            shell: "exec ffmpeg \(options) \(hls) -hls_segment_type fmp4 fragments.m3u8", in: server.folder.path)
        let recorded = try ChildProcess(
            shell: """
                exec ffmpeg \(options.replacing("-re", with: "").replacing("600", with: "12")) -f hls -hls_time 2 \
                    -hls_list_size 0 -hls_flags single_file -hls_playlist_type vod recorded.m3u8
                """, in: server.folder.path)
        defer { for one in [live, fragments, recorded] { one.end() } }
        for name in ["master", "fragments", "recorded"] {
            let made = await eventually { FileManager.default.fileExists(atPath: server.folder.file("\(name).m3u8")) }
            #expect(made)
            let station = try RunningStation(url: server.url("/folder/\(name).m3u8"))
            let came = await eventually { station.heard >= 9 || station.states.contains("reconnecting") }
            #expect(came && station.heard >= 9, "\(name): \(station.log) \(station.notesText)")
            #expect(try station.audio.isTone, "\(name)")
        }
    }

    @Test func `a user and a password are sent to the station, and to nobody else`() async throws {
        let (server, other) = (try await RadioServer(), try await RadioServer())
        let password = "s3cret-of-the-station"
        let station = try RunningStation(
            "url=\(server.url("/auth"))\nuser=me\npassword=\(password)\nheader=X-Token: \(password)\n")
        let came = await eventually { station.heard >= 1 }
        #expect(came, "\(station.log)")
        #expect(try Self.commandLines(of: station).allSatisfy { !$0.contains(password) })

        let away = try RunningStation(
            "url=http://me:\(password)@127.0.0.1:\(server.port)/to?\(other.url("/mp3"))\nheader=X-Token: \(password)\n")
        let went = await eventually { away.heard >= 1 }
        #expect(went, "\(away.log)")
        let headers = other.requests.flatMap { $0.headers.values }
        #expect(!headers.isEmpty && headers.allSatisfy { !$0.contains(password) })
        for text in [station.log, station.notesText, away.log, away.notesText] { #expect(!text.contains(password)) }
    }

    @Test func `RTSP is played, with a password that is in no argument`() async throws {
        let server = try await RadioServer()
        let password = "rtsp-s3cret'of the/station"
        let station = try RunningStation("url=\(server.url("/x", scheme: "rtsp"))\nuser=me\npassword=\(password)\n")
        let came = await eventually { station.heard >= 2 }
        #expect(came, "\(station.log) \(station.notesText)")
        #expect(try Self.commandLines(of: station).allSatisfy { !$0.contains("rtsp-s3cret") })
        #expect(try station.audio.left > 0.05)
        #expect(!station.log.contains("s3cret") && !station.notesText.contains("s3cret"))
    }

    /// The arguments of a station's processes, which every user can see.
    static func commandLines(of station: RunningStation) throws -> [String] {
        let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int($0) }
        let all = processes.compactMap { process -> String? in
            (try? Data(contentsOf: URL(filePath: "/proc/\(process)/cmdline"))).map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        let lines = all.filter { !$0.hasPrefix("python3") }
        #expect(lines.contains { $0.contains("ffmpeg") && $0.contains("pipe:1") }, "an ffmpeg of a station runs")
        return lines
    }

    @Test func `it ends quietly when the reader of standard output does, and takes ffmpeg with it however it ends`()
        async throws
    {
        let server = try await RadioServer()
        let folder = try TemporaryFolder()
        let program = Programs.built("genred-station")
        let pair = try ChildProcess(
            shell: """
                { '\(program)' '\(server.url("/mp3"))' 2>log; echo $? >status; } | head -c 400000 >audio
                """, in: folder.path)
        defer { pair.end() }
        let ended = await eventually {
            FileManager.default.fileExists(atPath: folder.file("status")) && !pair.isRunning
        }
        #expect(ended)
        #expect(try String(contentsOfFile: folder.file("status"), encoding: .utf8) == "0\n")
        #expect(try Recording(folder.file("audio")).isTone)
        let log = try String(contentsOfFile: folder.file("log"), encoding: .utf8)
        #expect(
            log.split(separator: "\n").count == 1 && log.contains("playing \(server.url("/mp3")) (audio/mpeg, 64 kb/s)")
        )

        let station = try RunningStation(url: server.url("/mp3"))
        let came = await eventually { station.heard >= 1 }
        #expect(came)
        let children = try String(
            contentsOfFile: "/proc/\(station.process.pid)/task/\(station.process.pid)/children", encoding: .utf8)
        let ffmpeg = try #require(Int32(children.trimmingCharacters(in: .whitespacesAndNewlines)))
        station.process.end()
        let gone = await eventually { kill(ffmpeg, 0) != 0 }
        #expect(gone)
    }
}
