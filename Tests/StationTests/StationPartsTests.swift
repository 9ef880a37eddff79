// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import TestSupport
import Testing

@testable import genred_station

/// The readers of what people and servers write.
struct StationPartsTests {
    private static let base = "https://me:pass@radio.example:8443/a/b.m3u?token=t"

    // MARK: URLs

    @Test func `user and password are kept apart from a URL's text, and go only to the same origin`() throws {
        let url = try StationURL("HTTPS://us%40er:p%3Aw@Radio.example/live?token=secret#part")
        #expect(url.user == "us@er" && url.password == "p:w")
        #expect(url.text == "https://Radio.example/live?token=secret")
        #expect(url.shown == "https://Radio.example/live")
        #expect(url.textWithPassword.uppercased() == "HTTPS://US%40ER:P%3AW@RADIO.EXAMPLE/LIVE?TOKEN=SECRET")
        let base = try StationURL(Self.base)
        #expect(try StationURL("c.mp3", relativeTo: base).text == "https://radio.example:8443/a/c.mp3")
        #expect(try StationURL("c.mp3", relativeTo: base).password == "pass")
        for other in [
            "https://radio.example/c", "http://radio.example:8443/c", "https://other.example:8443/c", "//b/c",
        ] {
            #expect(try StationURL(other, relativeTo: base).password == nil)
        }
    }

    @Test(arguments: [
        "", "radio", "/etc/passwd", "file:///etc/passwd", "ftp://a/b", "mms://a/b", "rtsps://me:secret@a/b",
        "concat:a|b",
        "http://", "https://me:secret@/x", "http://a:secret@b:99999/", "data:audio/mpeg;base64,AA", "pipe:0",
    ])
    func `what is no URL of a station is refused, without its password in the message`(text: String) {
        let failure = #expect(throws: StationFailure.self) { try StationURL(text) }
        #expect(failure?.reason.contains("secret") == false)
    }

    // MARK: Playlists

    @Test func `m3u and pls are read, whatever their line ends, letters and order`() throws {
        let m3u = Array("\u{FEFF}#EXTM3U\r\n#EXTINF:-1,Radio\r\n  http://a/1 \r\rb/2\n\n".utf8)
        #expect(StationList.m3u(m3u) == ["http://a/1", "b/2"])
        let pls = Array(
            "[Playlist]\nfile10=http://a/10\nTitle1=x\nFILE2 = http://a/2\r\nFile1=http://a/1\nFilex=y\n".utf8)
        #expect(StationList.pls(pls) == ["http://a/1", "http://a/2", "http://a/10"])
        let base = try StationURL("http://h/x/list.m3u")
        let entries = ["C:\\Music\\a.mp3", "http://a/1", "b"]
        #expect(try StationList.choose(entries, attempt: 0, base: base).text == "http://a/1")
        #expect(try StationList.choose(entries, attempt: 1, base: base).text == "http://h/x/b")
        #expect(try StationList.choose(entries, attempt: 2, base: base).text == "http://a/1")
    }

    @Test func `an HLS playlist has its segments, byte ranges, maps and variants`() throws {
        let media = HLSPlaylist(
            Array(
                """
                #EXTM3U
                #EXT-X-TARGETDURATION:6
                #EXT-X-MEDIA-SEQUENCE:41
                #EXT-X-MAP:URI="init,1.mp4",BYTERANGE="100@5"
                #EXTINF:5.5,Title
                a.m4s
                #EXTINF:6
                #EXT-X-BYTERANGE:1000@200
                b.m4s
                #EXT-X-BYTERANGE:50
                b.m4s
                #EXT-X-ENDLIST
                """.utf8))
        #expect(media.segments.map(\.url) == ["a.m4s", "b.m4s", "b.m4s"])
        #expect(media.segments.map(\.number) == [41, 42, 43])
        #expect(media.segments.map(\.range) == [nil, "200-1199", "1200-1249"])
        #expect(media.segments[0].map == HLSPlaylist.Map(url: "init,1.mp4", range: "5-104"))
        #expect(media.targetDuration == 6 && media.isEnded && media.obstacle == nil && media.choice == nil)
        let variants = """
            #EXTM3U
            #EXT-X-STREAM-INF:BANDWIDTH=320000,CODECS="mp4a.40.2,avc1"
            high.m3u8
            #EXT-X-STREAM-INF:BANDWIDTH=32000
            low.m3u8
            #EXT-X-STREAM-INF:BANDWIDTH=96000
            middle.m3u8
            """
        #expect(HLSPlaylist(Array(variants.utf8)).choice == "middle.m3u8")
        let audio = """
            #EXTM3U
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="other.m3u8"
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="y",DEFAULT=YES,URI="main.m3u8"
            #EXT-X-STREAM-INF:BANDWIDTH=900000,AUDIO="a"
            video.m3u8
            """
        #expect(HLSPlaylist(Array(audio.utf8)).choice == "main.m3u8")
        #expect(HLSPlaylist(Array("#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n".utf8)).obstacle != nil)
        #expect(HLSPlaylist(Array("#EXTM3U\n#EXT-X-KEY:METHOD=NONE\n".utf8)).obstacle == nil)
    }

    @Test(arguments: [
        ("audio/mpeg", "/a", "ÿû", ContentKind.audio), ("", "/a", "OggS", .audio),
        ("application/ogg", "/a", "OggS", .audio),
        ("text/plain", "/a", "\u{0}\u{1}\u{2}binary", .audio), ("audio/x-mpegurl", "/a", "http://x", .m3u),
        ("text/plain", "/a", "http://x/y", .m3u), ("", "/a.m3u", "x.mp3", .m3u),
        ("audio/mpeg", "/a", "#EXTM3U\nx", .m3u),
        ("audio/mpeg", "/a", "#EXTM3U\n#EXT-X-VERSION:3", .hls),
        ("application/vnd.apple.mpegurl", "/a", "#EXT-X-VERSION", .hls),
        ("audio/x-scpls; charset=utf-8", "/a", "x", .pls), ("text/html", "/a.pls", " [playlist]\n", .pls),
        ("", "/b.pls", "File1=x", .pls),
    ])
    func `the kind of what comes is told by its beginning, then by its type, then by its name`(
        type: String, path: String, beginning: String, kind: ContentKind
    ) {
        #expect(ContentKind(type: type, path: path, beginning: Array(beginning.utf8)) == kind)
    }

    @Test(arguments: [
        ("text/html", "x", "web page (text/html)"), ("", "<!DOCTYPE HTML>", "web page"),
        ("image/png", "x", "image/png"),
        ("application/json", "{", "application/json"), ("application/dash+xml", "<MPD", "DASH"),
        ("video/x-ms-asf", "<ASX>", "ASX"),
        ("application/xspf+xml", "<x", "XSPF"), ("font/woff", "x", "font/woff"),
    ])
    func `what is no audio is named`(type: String, beginning: String, part: String) {
        guard case .wrong(let reason) = ContentKind(type: type, path: "/", beginning: Array(beginning.utf8)) else {
            Issue.record("\(type) counts as audio")
            return
        }
        #expect(reason.contains(part))
    }

    // MARK: Titles

    @Test(arguments: [
        ("StreamTitle='A - B';StreamUrl='';", "A - B"), ("StreamTitle='It's';", "It's"), ("StreamTitle='';", ""),
        ("StreamTitle='a';b';StreamUrl='x';y';", "a';b"), ("StreamTitle='open", "open"), ("StreamTitle='end'", "end"),
        ("StreamUrl='x';StreamTitle='late';", "late"), ("StreamTitle=' \u{202E}x\u{7}y ';\0\0\0", "xy"),
    ])
    func `a title is read, quotes and all`(text: String, title: String) {
        #expect(ICYReader.title(Array(text.utf8)) == title)
    }

    @Test func `audio and titles are told apart wherever the bytes are cut`() {
        var random = SplitMix(state: 7)
        var (stream, audio, titles): ([UInt8], [UInt8], [String]) = ([], [], [])
        for number in 0..<200 {
            let piece = (0..<100).map { _ in UInt8.random(in: 0...255, using: &random) }
            audio += piece
            stream += piece
            guard number % 3 == 0 else {
                stream.append(0)
                continue
            }
            titles.append("Title \(number)")
            let text = Array("StreamTitle='Title \(number)';".utf8)
            let blocks = (text.count + 15) / 16
            stream += [UInt8(blocks)] + text + [UInt8](repeating: 0, count: 16 * blocks - text.count)
        }
        for most in [1, 7, 100, 333, 100_000] {
            var (reader, rest) = (ICYReader(interval: 100), stream[...])
            var (heard, read): ([UInt8], [String]) = ([], [])
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...most, using: &random))
                rest = rest.dropFirst(piece.count)
                let (bytes, title) = reader.read(Array(piece))
                heard += bytes
                if let title { read.append(title) }
            }
            #expect(heard == audio)
            // Of several titles in one piece, the last counts.
            #expect(most > 100 ? read.last == titles.last : read == titles)
        }
    }

    // MARK: Files

    @Test func `a station's file is read as it is, with spaces, quotes and comments`() throws {
        let text = """
            \u{FEFF}# My station\r
            url = https://radio.example/a?b=c#d\r
            user=me
              password= "p=w # ' x"
            header=Referer: https://radio.example/
            header=X-A: b
            user-agent=Player 1.0
            """
        let settings = try StationSettings(Array(text.utf8), file: "f")
        #expect(settings.url.text == "https://radio.example/a?b=c" && settings.url.user == "me")
        #expect(settings.url.password == "\"p=w # ' x\"")
        #expect(settings.headers == ["Referer: https://radio.example/", "X-A: b"] && settings.agent == "Player 1.0")
        #expect(settings.request(try StationURL("https://other.example/")).headers.isEmpty)
    }

    @Test(arguments: [
        ("", "f: no url"), ("url=http://a/\nurl=http://b/", "f:2: url is there a second time"),
        ("url", "f:1: a line is KEY=VALUE"),
        ("\nURL=http://a/", "f:2: unknown key \"URL\"; did you mean url?"), ("url=", "f:1: url has no value"),
        ("url=\"http://a/\"", "f:1: url: write it without quotes"),
        ("url=http://a/\npassword=s3cret", "f: a password without a user"),
        ("url=http://u:s3cret@a/\npassword=s3cret", "f: the password is in url and in password"),
        ("url=http://a/\nheader=s3cret", "f:2: header: write it as"),
        ("url=http://a/\nca=x", "f:2: ca: \"x\" is not an absolute path"),
        ("url=http://a/\nca=/dev/null", "f:2: ca: \"/dev/null\": not a regular file"),
        ("url=http://a/\nuser=a\u{1}b", "control character"),
        ("whatever=http://u:s3cret@a/", "f:1: unknown key"),
    ])
    func `every mistake in a station's file has its line, and no message has a password`(text: String, message: String)
    {
        let error = #expect(throws: StationConfigurationError.self) {
            try StationSettings(Array(text.utf8), file: "f")
        }
        #expect(error?.lines.contains { $0.contains(message) } == true, "\(String(describing: error))")
        #expect(error?.lines.contains { $0.contains("s3cret") } == false)
    }

    @Test func `all mistakes in a file are told at once`() {
        let error = #expect(throws: StationConfigurationError.self) {
            try StationSettings(Array("a=b\nurl=x\nfoo\n\u{1}\n".utf8) + [0xFF, 10], file: "f")
        }
        #expect(error?.lines.count == 5, "\(String(describing: error))")
    }

    // MARK: ffmpeg

    @Test func `ffmpeg's lines become reasons for people, without addresses and secrets`() {
        var complaints = DecoderComplaints()
        complaints.secrets = ["rtsp://me:s3cret@host/x"]
        complaints.add(
            "[rtsp @ 0x55d0] method DESCRIBE failed: 401 Unauthorized\nrtsp://me:s3cret@host/x: Server error".utf8)
        #expect(complaints.last == "method DESCRIBE failed: 401 Unauthorized")
        complaints.add("\n[mp3 @ 0x1][x @ 0x2] Header missing\n\n".utf8)
        #expect(complaints.last == "…: Server error")
        complaints.add(Array(repeating: 0x41, count: 5000) + [10])
        #expect(complaints.last?.count == 160)
    }

    @Test func `the script for ffmpeg quotes what a URL may hold`() throws {
        var url = try StationURL("rtsp://host/it's?a='")
        (url.user, url.password) = ("me", "it's @/\n")
        let lines = DecoderPlan.script(for: url).split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[1].hasPrefix("file 'rtsp://me:") && !lines[1].contains("it's @"))
    }

    // MARK: Anything

    @Test func `no bytes make a reader fail`() throws {
        var random = SplitMix(state: 42)
        let words = [
            "#EXTM3U\n", "#EXTINF:", "#EXT-X-BYTERANGE:", "#EXT-X-MAP:URI=\"", "#EXT-X-STREAM-INF:BANDWIDTH=", "@",
            "99999999999999999999",
            "-1", "\"", ",", "=", "\n", "\r", "[playlist]\n", "File", "File1=", "http://", "//", "..", "%00", "url=",
            "header=", ":", "'",
            "StreamTitle='", "';", "\0", "\u{FEFF}", "ü", "1e309", "#EXT-X-MEDIA-SEQUENCE:9223372036854775807\n",
            "#EXT-X-MEDIA-SEQUENCE:1152921504606846976\n", "#EXT-X-TARGETDURATION:nan\n", "a.ts\n",
        ]
        let base = try StationURL(Self.base)
        for _ in 0..<3000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...30, using: &random) {
                if Bool.random(using: &random) {
                    bytes += Array(words.randomElement(using: &random)!.utf8)
                } else {
                    bytes.append(UInt8.random(in: 0...255, using: &random))
                }
            }
            let entries = StationList.m3u(bytes) + StationList.pls(bytes)
            _ = try? StationList.choose(entries, attempt: Int.random(in: 0...100, using: &random), base: base)
            let playlist = HLSPlaylist(bytes)
            #expect(playlist.targetDuration.isFinite && playlist.targetDuration >= 1)
            _ = playlist.choice
            _ = ContentKind(type: StationText.decode(bytes.prefix(20)), path: "/", beginning: bytes)
            _ = ICYReader.title(bytes)
            var reader = ICYReader(interval: Int.random(in: 1...20, using: &random))
            #expect(reader.read(bytes).audio.count <= bytes.count)
            _ = try? StationSettings(bytes, file: "f")
            _ = try? StationURL(StationText.decode(bytes), relativeTo: base)
            var complaints = DecoderComplaints()
            complaints.add(bytes + [10])
        }
    }
}
