// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

/// With a real Icecast server, which a real source feeds.
@Suite(.enabled(if: Programs.has("ffmpeg", "icecast2", "curl")))
struct IcecastTests {
    @Test func `a station of Icecast is played, with its titles, and again after the server and its source were away`()
        async throws
    {
        let icecast = try await Icecast()
        let station = try RunningStation(url: icecast.url)
        let played = await eventually { station.heard >= 2 }
        #expect(played, "\(station.log)")
        try icecast.setTitle("Motörhead - Überkill")
        let titled = await eventually { station.titles.last == "Motörhead - Überkill" }
        #expect(titled, "\(station.notesText)")

        icecast.stop()
        let lost = await eventually { station.states.last == "reconnecting" }
        #expect(lost)
        #expect(station.titles.last == "", "what played is not what will play")
        let heard = station.heard
        try await icecast.start()
        let again = await eventually { station.heard >= heard + 2 && station.states.last == "playing" }
        #expect(again, "\(station.log)")
        #expect(try station.audio.isTone)
    }
}

/// A real Icecast server on a port of its own, with ffmpeg as the source of `/tone.mp3`.
final class Icecast {
    private let folder: TemporaryFolder
    private let port: Int
    private var server: ChildProcess?
    private var source: ChildProcess?

    init() async throws {
        folder = try TemporaryFolder()
        port = try FreePort.find()
        let share = "/usr/share/icecast2"
        // Icecast refuses to be root, and then writes its logs as another user.
        chmod(folder.path, 0o777)
        _ = try folder.write(
            """
            <icecast>
              <limits><sources>2</sources><burst-size>16384</burst-size></limits>
              <authentication>
                <source-password>in</source-password><admin-user>admin</admin-user><admin-password>in</admin-password>
              </authentication>
              <hostname>localhost</hostname>
              <listen-socket><port>\(port)</port><bind-address>127.0.0.1</bind-address></listen-socket>
              <paths>
                <logdir>\(folder.path)</logdir><webroot>\(share)/web</webroot><adminroot>\(share)/admin</adminroot>
              </paths>
              <logging><accesslog>access</accesslog><errorlog>errors</errorlog></logging>
              <security><changeowner><user>nobody</user><group>nogroup</group></changeowner></security>
            </icecast>
            """, to: "icecast.xml")
        try await start()
    }

    deinit { stop() }

    var url: String { "http://127.0.0.1:\(port)/tone.mp3" }

    /// Returns when the station can be heard.
    func start() async throws {
        server = try ChildProcess(shell: "exec icecast2 -c icecast.xml >out 2>&1", in: folder.path)
        source = try ChildProcess(
            shell: """
                while :; do
                    ffmpeg -nostdin -loglevel error -re -f lavfi -i 'aevalsrc=0.5*sin(2*PI*440*t)|0:s=44100' \
                        -b:a 64k -content_type audio/mpeg -f mp3 icecast://source:in@127.0.0.1:\(port)/tone.mp3
                    sleep 0.2
                done >source 2>&1
                """, in: folder.path)
        let up = await eventually {
            (try? Programs.run(
                "/usr/bin/env", ["curl", "-sf", "-o", "/dev/null", "-r", "0-1", "-m", "1", url], status: 28))
                != nil
        }
        try #require(up, "icecast2 does not play")
    }

    func stop() {
        // The shell first: it would start another ffmpeg, which ends by itself without a server.
        source?.end()
        server?.end()
    }

    func setTitle(_ title: String) throws {
        try Programs.run(
            "/usr/bin/env",
            [
                "curl", "-sf", "-u", "admin:in", "-G", "-d", "mount=/tone.mp3", "-d", "mode=updinfo",
                "--data-urlencode", "song=\(title)", "http://127.0.0.1:\(port)/admin/metadata",
            ])
    }
}
