// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

/// What systemd and dpkg do with the package, for real; each test starts from an installed package.
@Suite(
    "As a system service", .serialized,
    .enabled(if: SystemdLab.obstacle == nil, Comment(rawValue: SystemdLab.obstacle ?? "")))
struct ServiceTests {
    let lab: SystemdLab

    init() throws { lab = try SystemdLab.shared.get() }

    @Test("It is ready when its socket answers, and says what it hears as its status")
    func ready() throws {
        try lab.run(
            """
            running 'sources: [{name: radio, uri: "file:/lab/jazz.wav?pace=realtime&loop=true"}]'
            [[ $(of Type) == notify && $(of ActiveState) == active ]]
            genrectl current
            eventually 'says radio of StatusText'
            eventually 'says jazz of StatusText'
            """)
    }

    @Test("A pipe and a file are heard within the walls of the unit")
    func pipeAndFile() throws {
        try lab.run(
            """
            installed
            fifo radio.fifo
            mkfifo -m 644 /run/other.fifo
            running 'sources:
              - {name: pipe, uri: "pipe:/run/genred/radio.fifo"}
              - {name: other, uri: "pipe:/run/other.fifo"}
              - {name: file, uri: "file:/lab/metal.wav?loop=true"}'
            cat /lab/jazz.wav >/run/genred/radio.fifo
            cat /lab/metal.wav >/run/other.fifo
            for pair in pipe:jazz other:metal file:metal; do
                eventually "genrectl history --json ${pair%:*} | grep '\\"to\\":\\"${pair#*:}\\"'"
            done
            rm /run/other.fifo /run/genred/radio.fifo
            """)
    }

    @Test("An ALSA device is heard within the walls of the unit")
    func alsa() throws {
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

    @Test("A PulseAudio server of the system is found and heard within the walls of the unit")
    func pulseAudio() throws {
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

    @Test("Members of its group may use the socket; others are told how to become one")
    func permissions() throws {
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

    @Test("A good configuration is reloaded, a bad one is refused: the caller is told and all stays as it was")
    func reload() throws {
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

    @Test("A bad configuration ends it with status 78, and it is not started again and again")
    func badConfiguration() throws {
        try lab.run(
            """
            running
            echo 'sources: nonsense' >/etc/genred/genred.yaml
            systemctl restart genred && exit 1
            [[ $(of ExecMainStatus) == 78 ]]
            stays '[[ $(of ActiveState) == failed && $(of NRestarts) == 0 ]]'
            # A client starts it once more, is told why it does not run, and not once more for the same client.
            genrectl current 2>/lab/why && exit 1
            grep -F 'genred.yaml:1:' /lab/why
            stays '[[ $(of ActiveState) == failed && $(systemctl is-active genred.socket) == active ]]'
            """)
    }

    @Test("Killed, it is back at once, with the history that it had")
    func killed() throws {
        try lab.run(
            """
            running 'sources: [{name: radio, uri: "file:/lab/jazz.wav?pace=realtime&loop=true"}]'
            eventually "genrectl history --json | grep '\\"to\\":\\"jazz\\"'"
            # What it has heard is on the disk within a moment.
            sleep 2
            before=$(genrectl history --json | grep -o '"time":"[^"]*"' | head -n 1)
            systemctl kill --kill-whom=main --signal=KILL genred
            eventually '[[ $(of NRestarts) == 1 ]] && genrectl current'
            genrectl history --json | grep -F "$before"
            """)
    }

    @Test("Clients that come while it restarts wait, and none is refused")
    func restarts() throws {
        try lab.run(
            """
            running
            touch /run/on
            (while [[ -e /run/on ]]; do genrectl status --json >/dev/null || echo refused; done) >/run/refusals 2>&1 &
            for turn in 1 2 3; do sleep 0.3; systemctl restart genred; done
            rm /run/on
            wait
            cat /run/refusals
            [[ ! -s /run/refusals ]]
            """)
    }

    @Test("When its analysis hangs, the watchdog ends it and it starts again")
    func watchdog() throws {
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
        #expect(output.contains("watchdog") && output.contains("radio"))
    }

    @Test("Stopped, it says so and exits with 0")
    func stop() throws {
        try lab.run(
            """
            running
            systemctl stop genred.socket genred
            [[ $(of ExecMainStatus) == 0 && $(of Result) == success && ! -e /run/genred/genred.sock ]]
            """)
    }

    @Test("Instances have a socket, a configuration and a history of their own")
    func instances() throws {
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

    @Test("A user runs their own, beside the system's")
    func userUnit() throws {
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
