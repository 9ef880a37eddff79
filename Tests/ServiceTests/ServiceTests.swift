// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

/// The package under a real systemd and dpkg. Each test starts from an installed package.
@Suite(
    .serialized,
    .enabled(if: SystemdLab.obstacle == nil, Comment(rawValue: SystemdLab.obstacle ?? "")))
struct ServiceTests {
    let lab: SystemdLab

    init() throws { lab = try SystemdLab.shared.get() }

    @Test func `it is ready when its socket answers, and its status shows the label`() throws {
        try lab.run(
            """
            running 'sources: [{name: radio, uri: "file:/lab/jazz.wav?pace=realtime&loop=true"}]'
            [[ $(of Type) == notify && $(of ActiveState) == active ]]
            genrectl current
            eventually 'says radio of StatusText'
            eventually 'says jazz of StatusText'
            """)
    }

    @Test func `the unit's sandbox allows a pipe and a file`() throws {
        try lab.run(
            """
            installed
            fifo radio.fifo
            mkfifo -m 644 /run/other.fifo
            ffmpeg -nostdin -loglevel error -y -i /lab/jazz.wav /lab/jazz.m4a
            running 'sources:
              - {name: pipe, uri: "pipe:/run/genred/radio.fifo"}
              - {name: other, uri: "pipe:/run/other.fifo"}
              - {name: confined, uri: "file:/lab/jazz.m4a?loop=true"}
              - {name: file, uri: "file:/lab/metal.wav?loop=true"}'
            cat /lab/jazz.wav >/run/genred/radio.fifo
            cat /lab/metal.wav >/run/other.fifo
            for pair in pipe:jazz other:metal confined:jazz file:metal; do
                eventually "genrectl history --json ${pair%:*} | grep '\\"to\\":\\"${pair#*:}\\"'"
            done
            rm /run/other.fifo /run/genred/radio.fifo
            """)
    }

    @Test func `the unit's sandbox allows an ALSA device`() throws {
        try lab.run(
            """
            ffmpeg -nostdin -loglevel error -y -i /lab/jazz.wav -ar 48000 -ac 2 -f s16le /lab/jazz.raw
            printf '%s\\n' 'pcm.test { type file; slave.pcm null; file /dev/null; infile /lab/jazz.raw; format raw }' \\
                >/etc/asound.conf
            running 'sources: [{name: card, uri: "alsa:test?rate=48000&format=s16le"}]'
            eventually 'genrectl sources | grep "S16 48000 Hz 2 channels"'
            eventually 'genrectl history --json | grep "\\"from\\":\\"starting\\""'
            rm /etc/asound.conf
            """)
    }

    @Test func `the unit's sandbox allows a PulseAudio server of the system`() throws {
        try lab.run(
            """
            systemd-run --quiet --unit pulse --property RuntimeDirectory=pulse pulseaudio -n --daemonize=no \\
                --use-pid-file=no --exit-idle-time=-1 -L 'module-null-sink sink_name=radio' \\
                -L 'module-native-protocol-unix socket=/run/pulse/native auth-anonymous=1'
            eventually 'test -S /run/pulse/native'
            running 'sources: [{name: server, uri: "pulse:radio.monitor"}]'
            systemd-run --quiet --unit player --setenv PULSE_SERVER=unix:/run/pulse/native paplay -d radio /lab/jazz.wav
            eventually 'genrectl current --json | grep "\\"genre\\":\\"jazz\\""'
            systemctl stop player pulse
            eventually 'genrectl current --json | grep no-signal'
            """)
    }

    @Test func `members of its group may use the socket, and others learn how to join`() throws {
        let output = try lab.run(
            """
            running 'log: {level: debug}'
            id listener 2>/dev/null || useradd --groups genred listener
            id stranger 2>/dev/null || useradd stranger
            runuser -u listener -- genrectl current
            runuser -u stranger -- genrectl current && exit 1 || echo "status $?"
            journalctl -u genred -o cat --no-pager -n 20 | grep "user $(id -u listener)"
            """)
        #expect(output.contains("status 4"))
        #expect(output.contains("permission denied") && output.contains("usermod -aG genred"))
    }

    @Test func `a good configuration is reloaded, and a bad one is refused and changes nothing`() throws {
        let output = try lab.run(
            """
            running 'sources: [{name: one, uri: "file:/lab/jazz.wav?pace=realtime&loop=true"}]'
            process=$(of MainPID)
            echo 'sources: [{name: two, uri: "file:/lab/jazz.wav?pace=realtime&loop=true"}]' >/etc/genred/genred.yaml
            systemctl reload genred
            genrectl sources | grep two
            echo 'sources: nonsense' >/etc/genred/genred.yaml
            systemctl reload genred && exit 1
            genrectl sources | grep two
            [[ $(of MainPID) == "$process" && $(of ActiveState) == active ]]
            journalctl -u genred -o cat --no-pager -n 20
            """)
        #expect(output.contains("/etc/genred/genred.yaml:1:"))
    }

    @Test func `a bad configuration ends it with status 78, and it is not restarted`() throws {
        try lab.run(
            """
            running
            echo 'sources: nonsense' >/etc/genred/genred.yaml
            systemctl restart genred && exit 1
            [[ $(of ExecMainStatus) == 78 ]]
            stays '[[ $(of ActiveState) == failed && $(of NRestarts) == 0 ]]'
            # A client's connection starts it once more, and only once; the client learns why it does not run.
            genrectl current 2>/lab/why && exit 1
            grep -F 'genred.yaml:1:' /lab/why
            stays '[[ $(of ActiveState) == failed && $(systemctl is-active genred.socket) == active ]]'
            """)
    }

    @Test func `it restarts at once after being killed, with its history`() throws {
        try lab.run(
            """
            running 'sources: [{name: radio, uri: "file:/lab/jazz.wav?pace=realtime&loop=true"}]'
            eventually "genrectl history --json | grep '\\"to\\":\\"jazz\\"'"
            # The history is written within a moment.
            sleep 2
            before=$(genrectl history --json | grep -o '"time":"[^"]*"' | head -n 1)
            systemctl kill --kill-whom=main --signal=KILL genred
            eventually '[[ $(of NRestarts) == 1 ]] && genrectl current'
            genrectl history --json | grep -F "$before"
            """)
    }

    @Test func `clients that connect during a restart wait, and none is refused`() throws {
        try lab.run(
            """
            running
            touch /run/on
            (while [[ -e /run/on ]]; do genrectl status --json >>/run/answers || echo refused; done) >/run/refusals 2>&1 &
            for turn in 1 2 3; do sleep 0.3; systemctl restart genred; done
            rm /run/on
            wait
            cat /run/refusals
            [[ ! -s /run/refusals && $(wc -l </run/answers) -gt 3 ]]
            """)
    }

    @Test func `the watchdog restarts it when its analysis hangs`() throws {
        let output = try lab.run(
            """
            running 'sources: [{name: radio, uri: "file:/lab/jazz.wav?pace=realtime&loop=true"}]'
            drop_in WatchdogSec=2
            systemctl restart genred
            stays '[[ $(of NRestarts) == 0 ]]'
            /lab/freeze-thread "$(of MainPID)" 'analysis 0' &
            eventually '[[ $(of NRestarts) == 1 ]] && genrectl current'
            kill $! 2>/dev/null || true
            journalctl -u genred -o cat --no-pager -n 30
            """)
        #expect(output.contains("watchdog") && output.contains("radio: the analysis hangs"))
    }

    @Test func `it exits with 0 when it is stopped`() throws {
        try lab.run(
            """
            running
            systemctl stop genred.socket genred
            [[ $(of ExecMainStatus) == 0 && $(of Result) == success && ! -e /run/genred/genred.sock ]]
            """)
    }

    @Test func `each instance has its own socket, configuration and history`() throws {
        try lab.run(
            """
            running
            for name in one two; do
                echo "sources: [{name: $name, uri: \\"file:/lab/jazz.wav?pace=realtime&loop=true\\"}]" >/etc/genred/$name.yaml
                systemctl start genred@$name
            done
            for name in one two; do
                genrectl --socket /run/genred/$name.sock current | grep $name
                systemctl reload genred@$name
                [[ -d /var/lib/genred/$name ]]
            done
            genrectl current
            systemctl stop 'genred@*.socket' 'genred@*.service'
            rm /etc/genred/{one,two}.yaml
            """)
    }

    @Test func `users can run their own beside the system's`() throws {
        try lab.run(
            """
            running
            id owner 2>/dev/null || useradd --create-home owner
            user=$(id -u owner)
            systemctl start user@$user
            own() { runuser -u owner -- env XDG_RUNTIME_DIR=/run/user/$user "$@"; }
            own systemctl --user start genred && exit 1
            own mkdir -p /home/owner/.config/genred
            echo 'sources: [{name: mine, uri: "file:/lab/jazz.wav?pace=realtime&loop=true"}]' >/home/owner/.config/genred/genred.yaml
            own systemctl --user start genred
            own genrectl --socket /run/user/$user/genred/genred.sock current | grep mine
            own systemctl --user reload genred
            own systemctl --user stop genred
            systemctl stop user@$user
            """)
    }
}
