// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

/// The station's unit, with a server on the same machine.
extension ServiceTests {
    /// broadcast: a station at http://127.0.0.1:8000/jazz.mp3, for whoever has the password.
    private static let broadcast = #"""
        systemctl stop broadcast 2>/dev/null || true
        [[ -e /run/jazz.mp3 ]] || ffmpeg -nostdin -loglevel error -i /lab/jazz.wav -b:a 96k -f mp3 /run/jazz.mp3
        cat >/run/broadcast.py <<'PYTHON'
        import base64, http.server, time
        wanted = "Basic " + base64.b64encode(b"me:pass word").decode()
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path != "/jazz.mp3":
                    return self.send_error(404)
                if self.headers.get("Authorization") != wanted:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", "Basic")
                    return self.end_headers()
                self.send_response(200)
                self.send_header("Content-Type", "audio/mpeg")
                self.send_header("icy-metaint", "12000")
                self.end_headers()
                text = b"StreamTitle='Take Five';"
                title = b"\2" + text.ljust(32, b"\0")
                data, at, begun = open("/run/jazz.mp3", "rb").read(), 0, time.time()
                while True:
                    self.wfile.write((data + data)[at % len(data):][:12000] + title)
                    at += 12000
                    time.sleep(max(0, begun + at / 12000 - 3 - time.time()))
        http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
        PYTHON
        systemd-run --quiet --unit broadcast python3 /run/broadcast.py
        systemctl reset-failed 'genred-station@*' 2>/dev/null || true
        station() { printf '%s\n' "$@" >/etc/genred/stations/jazz24.conf; chmod 600 /etc/genred/stations/jazz24.conf; }

        """#

    @Test func `a station is heard by writing its file, a source, and enabling its service`() throws {
        let output = try lab.run(
            "running 'sources: [{name: radio, uri: \"station:jazz24\"}]'\n" + Self.broadcast + #"""
                station url=http://127.0.0.1:8000/jazz.mp3 user=me 'password=pass word'
                systemctl enable --now genred-station@jazz24
                eventually 'genrectl sources | grep -i playing'
                eventually 'genrectl current | grep jazz'
                eventually 'genrectl current --json | grep "Take Five"'
                process=$(of MainPID genred-station@jazz24)
                echo "user $(stat -c %U /proc/$process)"
                stat -c '%n %U:%G %a' /run/genred/stations /run/genred/stations/jazz24.*
                # It has nothing to do with the control socket.
                runuser -u genred-station -- genrectl current && exit 1
                runuser -u nobody -- ls /run/genred/stations && exit 1
                # A restart of the daemon costs the station nothing.
                systemctl restart genred
                eventually 'genrectl current | grep jazz'
                [[ $(of MainPID genred-station@jazz24) == "$process" ]]
                of StatusText genred-station@jazz24
                journalctl -u genred-station@jazz24 -o cat --no-pager
                # ffmpeg has a filter of system calls more than the service.
                filters() { sed -n 's/^Seccomp_filters:[[:space:]]*//p' "/proc/$1/status"; }
                echo "confined $(($(filters "$(pgrep -x ffmpeg)") - $(filters "$process")))"
                # Not that of the shell that runs this.
                for process in $(pgrep 'genred-station|ffmpeg'); do
                    if grep 'pass word' /proc/$process/cmdline; then exit 1; fi
                done
                journalctl --no-pager | grep -F 'pass word' && exit 1
                systemctl disable --now genred-station@jazz24 broadcast 2>/dev/null
                [[ $(of ExecMainStatus genred-station@jazz24) == 0 ]]
                """#)
        #expect(output.contains("user genred-station\n"))
        #expect(output.contains("confined 1\n"), "\(output)")
        #expect(output.contains("/run/genred/stations genred-station:genred-station 750\n"))
        for file in ["wav", "notes"] {
            #expect(
                output.contains("/run/genred/stations/jazz24.\(file) genred-station:genred-station 640\n"), "\(output)")
        }
        #expect(output.contains("playing: audio/mpeg\n"), "\(output)")
    }

    @Test func `what a station does is told by genrectl, and a station that comes is heard`() throws {
        try lab.run(
            "running 'sources: [{name: radio, uri: \"station:jazz24\"}]'\n" + Self.broadcast + #"""
                station url=http://127.0.0.1:8000/rock.mp3
                systemctl start genred-station@jazz24
                eventually 'genrectl sources | grep -E "reconnecting: 404 .*, next try in"'
                station url=http://me:pass%20word@127.0.0.1:8000/jazz.mp3
                systemctl restart genred-station@jazz24
                eventually 'genrectl current | grep jazz'
                systemctl stop genred-station@jazz24 broadcast
                """#)
    }

    @Test func `a station's file that is missing or wrong is named, and another start is not tried`() throws {
        let output = try lab.run(
            "running\n" + Self.broadcast + #"""
                rm -f /etc/genred/stations/jazz24.conf
                systemctl start genred-station@jazz24 && exit 1
                station '# Comment' url=file:///etc/passwd
                systemctl start genred-station@jazz24 && exit 1
                [[ $(of ExecMainStatus genred-station@jazz24) == 78 && $(of NRestarts genred-station@jazz24) == 0 ]]
                journalctl -u genred-station@jazz24 -o cat --no-pager -n 20
                systemctl stop broadcast
                """#)
        #expect(output.contains("/etc/genred/stations/jazz24.conf:2: url: file: is not for stations"), "\(output)")
    }

    @Test func `the station's unit is without remarks, and its exposure is low`() throws {
        let output = try lab.run(
            """
            running
            cd /lib/systemd/system
            systemd-analyze verify genred-station@one.service 2>&1
            systemd-analyze security --offline=true genred-station@.service --no-pager | tail -n 1
            """)
        let exposure = output.split(separator: " ").lazy.compactMap { Double($0) }.first
        #expect(output.split(separator: "\n").count == 1 && (exposure ?? 10) <= 2.5, "\(output)")
    }
}
