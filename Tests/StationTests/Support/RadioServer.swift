// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

/// A real server (Python's sockets) that does what radio stations do, and what broken ones do. The path of a request says
/// what (see the script). It keeps the headers of every request.
final class RadioServer: Sendable {
    struct Request: Decodable {
        var path: String
        var headers: [String: String]
    }

    let folder: TemporaryFolder
    let port: Int
    private let process: ChildProcess

    /// - Parameter certificate: files of a certificate and its key, for https.
    init(certificate: (chain: String, key: String)? = nil) async throws {
        folder = try TemporaryFolder()
        try Audio.copy(to: folder)
        let script = try folder.write(Self.script, to: "server.py")
        let tls = certificate.map { "'\($0.chain)' '\($0.key)'" } ?? ""
        process = try ChildProcess(shell: "exec python3 '\(script)' \(tls) >server.log 2>&1", in: folder.path)
        let portFile = folder.file("port")
        var found: Int?
        _ = await eventually {
            found = (try? String(contentsOfFile: portFile, encoding: .utf8)).flatMap { Int($0) }
            return found != nil
        }
        port = try #require(found, "the server does not start")
    }

    deinit { process.end() }

    func url(_ path: String, scheme: String = "http") -> String { "\(scheme)://127.0.0.1:\(port)\(path)" }

    var requests: [Request] {
        let text = (try? String(contentsOfFile: folder.file("requests"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Request.self, from: Data($0.utf8)) }
    }

    /// Connections that play now.
    var listeners: Int {
        let text = try? String(contentsOfFile: folder.file("listeners"), encoding: .utf8)
        return text.flatMap { Int($0) } ?? 0
    }

    /// What the titles say from now on.
    func setTitle(_ bytes: [UInt8]) throws { _ = try folder.write(bytes, to: "title") }

    /// What is played: a tone on the left channel alone.
    enum Audio {
        private static let made = Result { () throws -> TemporaryFolder in
            let folder = try TemporaryFolder()
            for (file, options) in [("tone.mp3", "-b:a 64k"), ("tone.ogg", "-c:a libvorbis")] {
                try Programs.run(
                    "/bin/sh",
                    [
                        "-c",
                        """
                        exec ffmpeg -nostdin -loglevel error -f lavfi \
                            -i 'aevalsrc=0.5*sin(2*PI*440*t)|0:s=44100:d=10' \(options) '\(folder.file(file))'
                        """,
                    ])
            }
            return folder
        }

        static func copy(to folder: TemporaryFolder) throws {
            for file in ["tone.mp3", "tone.ogg"] {
                try FileManager.default.copyItem(atPath: made.get().file(file), toPath: folder.file(file))
            }
        }
    }

    private static let script = #"""
        import base64, json, os, random, socket, ssl, struct, sys, threading, time
        lock, playing = threading.Lock(), 0
        rate = 8000
        sound = {name: open(name, "rb").read() for name in ("tone.mp3", "tone.ogg")}

        def title():
            try:
                text = open("title", "rb").read()
            except OSError:
                return b"\0"
            text = b"StreamTitle='" + text + b"';StreamUrl='';"
            count = (len(text) + 15) // 16
            return bytes([count]) + text.ljust(16 * count, b"\0")

        def count(more):
            global playing
            with lock:
                playing += more
                with open("listeners.new", "w") as file:
                    file.write(str(playing))
                os.rename("listeners.new", "listeners")

        # play: audio at its own speed after two seconds at once, for some seconds or for good.
        def play(to, seconds=1e9, interval=0, name="tone.mp3"):
            data, sent, left, begun = sound[name], 0, interval, time.time()
            count(1)
            try:
                while sent < seconds * rate:
                    piece = data[sent % len(data):][:min(left or 4000, 4000)]
                    to.sendall(piece)
                    sent += len(piece)
                    if interval:
                        left -= len(piece)
                        if left == 0:
                            to.sendall(title())
                            left = interval
                    time.sleep(max(0, begun + sent / rate - 2 - time.time()))
            finally:
                count(-1)

        def answer(to, status="200 OK", kind="audio/mpeg", body=b"", **more):
            lines = ["HTTP/1.0 " + status] + (["Content-Type: " + kind] if kind else [])
            lines += [name.replace("_", "-") + ": " + str(value) for name, value in more.items()]
            to.sendall("\r\n".join(lines + ["", ""]).encode() + body)

        # rtsp: a tone as G.711 over RTP within the connection, for who has the password.
        def rtsp(to, lines):
            wanted = "Basic " + base64.b64encode(b"me:rtsp-s3cret'of the/station").decode()
            while True:
                while b"\r\n\r\n" not in lines:
                    piece = to.recv(4096)
                    if not piece:
                        return
                    lines += piece
                request, lines = lines.split(b"\r\n\r\n", 1)
                request = request.decode("latin-1").split("\r\n")
                headers = dict((l.split(": ", 1)[0].lower(), l.split(": ", 1)[1]) for l in request[1:] if ": " in l)
                method, url = request[0].split()[:2]
                body, more, status = "", [], "200 OK"
                if headers.get("authorization") != wanted:
                    status, more = "401 Unauthorized", ['WWW-Authenticate: Basic realm="radio"']
                elif "/status/" in url:
                    status = "404 Not Found"
                elif method == "DESCRIBE":
                    body = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=radio\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\na=control:one\r\n"
                    more = ["Content-Type: application/sdp", "Content-Base: " + url + "/"]
                elif method == "SETUP":
                    more = ["Session: 1", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"]
                more += ["CSeq: " + headers.get("cseq", "0"), "Content-Length: %d" % len(body), "Public: DESCRIBE, SETUP, PLAY"]
                to.sendall(("RTSP/1.0 %s\r\n%s\r\n\r\n%s" % (status, "\r\n".join(more), body)).encode())
                if method == "PLAY" and status == "200 OK":
                    # A square wave of 400 Hz.
                    sound = (b"\x10" * 10 + b"\x90" * 10) * 8
                    for number in range(1 << 15):
                        packet = struct.pack(">BBHII", 128, 0, number, 160 * number, 7) + sound
                        to.sendall(struct.pack(">BBH", 36, 0, len(packet)) + packet)
                        time.sleep(0.02)

        def serve(to):
            lines = b""
            while b"\r\n\r\n" not in lines:
                piece = to.recv(4096)
                if not piece:
                    return
                lines += piece
            if b"RTSP/1.0" in lines:
                return rtsp(to, lines)
            lines = lines.decode("latin-1").split("\r\n")
            path = lines[0].split()[1]
            headers = dict((l.split(": ", 1)[0].lower(), l.split(": ", 1)[1]) for l in lines[1:] if ": " in l)
            with lock, open("requests", "a") as file:
                file.write(json.dumps({"path": path, "headers": headers}) + "\n")
            parts = path.split("?")[0].split("/")[1:]
            what, rest = parts[0], parts[1:]
            host = headers.get("host", "")
            if what == "auth":
                wanted = "Basic " + base64.b64encode(b"me:s3cret-of-the-station").decode()
                if headers.get("authorization") != wanted:
                    return answer(to, "401 Unauthorized", "text/html", WWW_Authenticate='Basic realm="radio"')
                what = "mp3"
            if what in ("mp3", "icy"):
                interval = 4000 if headers.get("icy-metadata") == "1" else 0
                more = {"icy-metaint": interval, "icy-br": 64} if interval else {}
                if what == "icy":
                    head = "".join(name + ":" + str(value) + "\r\n" for name, value in more.items())
                    to.sendall(("ICY 200 OK\r\ncontent-type:audio/mpeg\r\n" + head + "\r\n").encode())
                else:
                    answer(to, **more)
                play(to, interval=interval)
            elif what == "drop":
                answer(to)
                play(to, float(rest[0]))
            elif what == "stall":
                answer(to)
                play(to, 4)
                time.sleep(60)
            elif what == "ogg":
                answer(to)
                play(to, name="tone.ogg")
            elif what == "hang":
                time.sleep(60)
            elif what == "trickle":
                to.sendall(b"HTTP/1.0 200 OK\r\n")
                for number in range(600):
                    to.sendall(b"X-More: 1\r\n")
                    time.sleep(0.1)
            elif what == "silent":
                answer(to)
                time.sleep(60)
            elif what == "html":
                answer(to, kind="text/html; charset=utf-8", body=b"<!DOCTYPE html><title>Buy now</title>" * 100)
            elif what == "lie":
                answer(to, body=b"\n <!DOCTYPE html><title>Buy now</title>" * 100)
            elif what == "text":
                answer(to, kind="text/plain", body=b"This station is closed.\n" * 100)
            elif what == "garbage":
                answer(to, body=random.Random(1).randbytes(1 << 16))
            elif what == "picture":
                answer(to, body=b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\2\0\0\0\x90wS\xde" + bytes(4000))
            elif what == "status":
                answer(to, rest[0] + {"404": " Not Found", "503": ""}.get(rest[0], " Whatever"), "text/html", b"<html>")
            elif what == "up":
                answer(to) or play(to) if os.path.exists("up") else answer(to, "404 Not Found", "text/html")
            elif what == "redirect":
                number = int(rest[0])
                answer(to, "302 Found", Location="/mp3" if number == 1 else "/redirect/%d" % (number - 1))
            elif what == "circle":
                answer(to, "301 Moved", Location="http://" + host + "/circle")
            elif what == "to":
                answer(to, "302 Found", Location=path.split("?", 1)[1])
            elif what == "list":
                number = int(rest[0].split(".")[0])
                nested = "/list/%d.m3u" % (number - 1) if number > 1 else "/mp3"
                answer(to, kind="audio/x-mpegurl", body=("#EXTM3U\r\n#EXTINF:-1,A\r\n%s\r\n" % nested).encode())
            elif what == "pls":
                answer(to, kind="audio/x-scpls", body=b"[playlist]\nNumberOfEntries=2\nFile2=/status/404\nFile1=/mp3\n")
            elif what == "second.m3u":
                answer(to, kind="", body=b"/status/404\n/mp3\n")
            elif what == "loop.m3u":
                answer(to, kind="", body=b"loop.m3u\n")
            elif what == "empty.m3u":
                answer(to, kind="audio/mpegurl", body=b"#EXTM3U\n")
            elif what == "file.m3u":
                answer(to, kind="audio/mpegurl", body=b"#EXTM3U\nfile:///etc/passwd\n")
            elif what == "endless.m3u":
                answer(to, kind="audio/mpegurl", body=b"#EXTM3U\n")
                while True:
                    to.sendall(b"http://127.0.0.1/x\n" * 1000)
            elif what == "open.m3u":
                answer(to, kind="audio/mpegurl", body=b"#EXTM3U\n")
                time.sleep(60)
            elif what == "close":
                pass
            elif what == "binary":
                to.sendall(random.Random(2).randbytes(4000))
            elif what == "headers":
                to.sendall(b"HTTP/1.0 200 OK\r\n")
                while True:
                    to.sendall(b"X-More: and more\r\n" * 1000)
            elif what == "folder":
                try:
                    data = open("/".join(rest), "rb").read()
                except OSError:
                    return answer(to, "404 Not Found", "text/html")
                if "range" in headers:
                    first, last = headers["range"].split("=")[1].split("-")
                    data = data[int(first):int(last or len(data)) + 1]
                status = "206 Partial Content" if "range" in headers else "200 OK"
                answer(to, status, "application/octet-stream", data, Content_Length=len(data))
            else:
                answer(to, "404 Not Found", "text/html")

        def run(to):
            try:
                if context:
                    to = context.wrap_socket(to, server_side=True)
                serve(to)
            except OSError:
                pass
            finally:
                to.close()

        context = None
        if len(sys.argv) > 1:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[1], sys.argv[2])
        server = socket.create_server(("127.0.0.1", 0))
        with open("port.new", "w") as file:
            file.write(str(server.getsockname()[1]))
        os.rename("port.new", "port")
        while True:
            threading.Thread(target=run, args=(server.accept()[0],), daemon=True).start()
        """#
}
