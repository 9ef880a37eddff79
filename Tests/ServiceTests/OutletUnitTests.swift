// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

/// The outlets' units, with the broker, the clients and the webhook's receiver on the same machine.
extension ServiceTests {
    @Test func `no outlet runs or listens until it is enabled`() throws {
        try lab.run(
            """
            running
            for unit in genred-outlet-{mqtt,web,hook}.service genred-outlet-web.socket; do
                [[ $(of ActiveState $unit) == inactive && $(systemctl is-enabled $unit) != enabled ]]
            done
            """)
    }

    @Test func `the page and the metrics come through the socket that systemd passed, without a network`() throws {
        let output = try lab.run(
            """
            playing
            systemctl start genred-outlet-web.socket
            fetch / | grep -i '<!doctype html>'
            eventually 'fetch /metrics | grep -F "genred_source_label{source=\\"radio\\",label=\\"jazz\\"} 1"'
            eventually 'fetch /healthz'
            fetch /api/v1/current | grep '"source":"radio"'
            process=$(of MainPID genred-outlet-web)
            echo "user $(stat -c %U /proc/$process)"
            echo "interfaces $(nsenter -t "$process" -n ip -brief link | awk '{ print $1 }' | xargs)"
            """)
        #expect(output.contains("interfaces lo\n"))
        #expect(output.contains("user genred-outlet-web\n") || output.contains("user UNKNOWN\n"), "\(output)")
    }

    @Test func `the page on another address needs a token, and the message says where to put it`() throws {
        let output = try lab.run(
            """
            playing
            mkdir -p /etc/systemd/system/genred-outlet-web.socket.d
            printf '%s\\n' '[Socket]' ListenStream= ListenStream=0.0.0.0:8321 \\
                >/etc/systemd/system/genred-outlet-web.socket.d/test.conf
            systemctl daemon-reload
            systemctl start genred-outlet-web.socket
            systemctl start genred-outlet-web && exit 1
            [[ $(of ExecMainStatus genred-outlet-web) == 78 && $(of NRestarts genred-outlet-web) == 0 ]]
            journalctl -u genred-outlet-web -o cat --no-pager -n 20
            (umask 077; echo 0123456789abcdef0123456789abcdef >/etc/genred/web-token)
            systemctl reset-failed 'genred-outlet-web*'
            systemctl restart genred-outlet-web.socket
            systemctl start genred-outlet-web
            echo "without $(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8321/metrics)"
            echo "with $(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $(</etc/genred/web-token)" \\
                http://127.0.0.1:8321/metrics)"
            """)
        #expect(output.contains("/etc/genred/web-token"))
        #expect(output.contains("without 401\n") && output.contains("with 200\n"), "\(output)")
    }

    @Test func `the state arrives at a broker with a password, and a stop leaves offline`() throws {
        let output = try lab.run(
            """
            playing
            mkdir -p /run/broker
            mosquitto_passwd -b -c /run/broker/passwords genred 'pass word' && chmod 644 /run/broker/passwords
            printf '%s\\n' 'listener 1883 127.0.0.1' 'password_file /run/broker/passwords' >/run/broker/conf
            systemd-run --quiet --unit broker mosquitto -c /run/broker/conf
            echo GENRED_MQTT_BROKER=mqtt://genred@127.0.0.1 >/etc/genred/outlet-mqtt.conf
            echo GENRED_MQTT_NODE=lab >>/etc/genred/outlet-mqtt.conf
            (umask 077; echo 'pass word' >/etc/genred/mqtt-password)
            systemctl start genred-outlet-mqtt
            heard() { timeout 5 mosquitto_sub -u genred -P 'pass word' -W 2 "$@"; }
            eventually 'heard -C 1 -t genred/lab/status | grep -x online'
            eventually 'heard -C 1 -t genred/lab/radio/state | grep -F "\\"label\\":\\"jazz\\""'
            heard -C 1 -t homeassistant/device/genred_lab_radio/config | grep -F '"dev_cla":"enum"'
            [[ $(stat -c %a /var/lib/private/genred-outlet-mqtt) == 700 ]]
            systemctl stop genred-outlet-mqtt
            heard -C 1 -t genred/lab/status
            journalctl -u genred-outlet-mqtt -o cat --no-pager | grep -F 'pass word' && exit 1
            systemctl stop broker
            """)
        #expect(output.hasSuffix("offline\n"), "\(output)")
    }

    @Test func `without a broker the log says where to write it, and another start is not tried`() throws {
        let output = try lab.run(
            """
            playing
            systemctl start genred-outlet-mqtt && exit 1
            [[ $(of ExecMainStatus genred-outlet-mqtt) == 78 ]]
            stays '[[ $(of ActiveState genred-outlet-mqtt) == failed && $(of NRestarts genred-outlet-mqtt) == 0 ]]'
            journalctl -u genred-outlet-mqtt -o cat --no-pager -n 20
            """)
        #expect(output.contains("/etc/genred/outlet-mqtt.conf") && output.contains("GENRED_MQTT_BROKER"))
    }

    @Test func `a change calls a webhook and runs a command within the unit's sandbox`() throws {
        let output = try lab.run(
            #"""
            playing
            cat >/run/receiver.py <<'PYTHON'
            import http.server
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    body = self.rfile.read(int(self.headers["Content-Length"]))
                    open("/run/received", "ab").write(body + b"\n")
                    self.send_response(204)
                    self.end_headers()
            http.server.HTTPServer(("127.0.0.1", 8080), Handler).serve_forever()
            PYTHON
            systemd-run --quiet --unit receiver python3 /run/receiver.py
            cat >/etc/genred/hooks.yaml <<'YAML'
            - {name: post, on: jazz, url: "http://127.0.0.1:8080/"}
            - {name: run, on: jazz, run: [/bin/sh, -c, "cat >/var/lib/genred-outlet-hook/event; id -un; touch /etc/genred/x"]}
            YAML
            systemctl start genred-outlet-hook
            # The daemon begins anew, and so does its label.
            systemctl restart genred
            eventually 'grep -F "\"event_type\":\"jazz\"" /run/received'
            eventually 'grep -F "\"event_type\":\"jazz\"" /var/lib/private/genred-outlet-hook/event'
            [[ ! -e /etc/genred/x ]]
            systemctl stop genred-outlet-hook receiver
            [[ $(of ExecMainStatus genred-outlet-hook) == 0 ]]
            journalctl -u genred-outlet-hook -o cat --no-pager -n 30
            """#)
        #expect(output.contains("genred-outlet-hook"))
    }

    @Test func `rules that are wrong are named by line, and another start is not tried`() throws {
        let output = try lab.run(
            """
            playing
            printf '%s\n' '- name: wrong' '  on: jazz' >/etc/genred/hooks.yaml
            systemctl start genred-outlet-hook && exit 1
            [[ $(of ExecMainStatus genred-outlet-hook) == 78 ]]
            stays '[[ $(of ActiveState genred-outlet-hook) == failed && $(of NRestarts genred-outlet-hook) == 0 ]]'
            journalctl -u genred-outlet-hook -o cat --no-pager -n 20
            """)
        #expect(output.contains("/etc/genred/hooks.yaml:1:"))
    }

    @Test func `an outlet cannot hear what a FIFO in the daemon's folder carries`() throws {
        let output = try lab.run(
            """
            installed
            fifo radio.fifo
            running 'sources: [{name: pipe, uri: "pipe:/run/genred/radio.fifo"}]'
            systemd-run --quiet --pipe --wait -p DynamicUser=yes -p SupplementaryGroups=genred \\
                timeout 2 genrectl current
            systemd-run --quiet --pipe --wait -p DynamicUser=yes -p SupplementaryGroups=genred \\
                timeout 2 head -c 1 /run/genred/radio.fifo && exit 1
            rm /run/genred/radio.fifo
            """)
        #expect(output.contains("Permission denied"))
    }

    @Test func `systemd verifies the outlets' units without remarks, and their exposure is low`() throws {
        let output = try lab.run(
            """
            running
            cd /lib/systemd/system
            systemd-analyze verify genred-outlet-{mqtt,web,hook}.service genred-outlet-web.socket 2>&1
            echo verified
            for outlet in mqtt web hook; do
                systemd-analyze security --offline=true genred-outlet-$outlet.service --no-pager | tail -n 1
            done
            """)
        let lines = output.split(separator: "\n", omittingEmptySubsequences: true)
        #expect(lines.first == "verified", "\(output)")
        let exposures = lines.dropFirst().compactMap { line in
            line.split(separator: " ").lazy.compactMap { Double($0) }.first
        }
        #expect(exposures.count == 3 && exposures.allSatisfy { $0 <= 2.0 }, "\(exposures)")
    }
}
