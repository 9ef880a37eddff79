// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Testing

extension ServiceTests {
    @Test func `the programs need no Swift on the machine, and all their libraries are installed`() throws {
        let output = try lab.run(
            """
            running
            for program in genred genrectl genred-outlet genred-station genrelab; do $program --help >/dev/null; ldd /usr/bin/$program; done
            """)
        #expect(!output.contains("libswift") && !output.contains("libFoundation") && !output.contains("not found"))
    }

    @Test func `manuals, completions and the shipped model are in their places`() throws {
        try lab.run(
            """
            running
            for page in genred genrectl genred-outlet genred-station genrelab genred.yaml; do [[ -s $(dpkg -L genred | grep "/$page\\.[15]") ]]; done
            for program in genred genrectl genred-outlet genred-station genrelab; do
                bash -n /usr/share/bash-completion/completions/$program
                [[ -s /usr/share/zsh/vendor-completions/_$program ]]
                [[ -s /usr/share/fish/vendor_completions.d/$program.fish ]]
            done
            genrelab classify /lab/jazz.wav | grep jazz
            genrectl status | grep /usr/share/genred/default.safetensors
            """)
    }

    @Test func `systemd verifies the units without remarks, and their exposure is low`() throws {
        let output = try lab.run(
            """
            running
            cd /lib/systemd/system
            systemd-analyze verify genred.service genred.socket genred@one.service genred@one.socket 2>&1
            XDG_RUNTIME_DIR=/tmp systemd-analyze verify --user /usr/lib/systemd/user/genred.service 2>&1
            echo verified
            for unit in genred genred@; do systemd-analyze security --offline=true $unit.service --no-pager | tail -n 1; done
            """)
        let lines = output.split(separator: "\n", omittingEmptySubsequences: true)
        #expect(lines.first == "verified")
        let exposures = lines.dropFirst().compactMap { line in
            line.split(separator: " ").lazy.compactMap { Double($0) }.first
        }
        #expect(exposures.count == 2 && exposures.allSatisfy { $0 <= 1.5 }, "\(exposures)")
    }

    @Test func `an instance's unit differs from the system's only by its name`() throws {
        let output = try lab.run(
            #"""
            running
            cd /lib/systemd/system
            own='^(#|Description=|Wants=|Requires=|After=|ExecStart=|ExecReload=|StateDirectory=|$)'
            diff <(grep -vE "$own" genred.service) <(grep -vE "$own" genred@.service)
            diff <(sed 's|genred/genred.sock|genred/%i.sock|; /^Description=/d' genred.socket) \
                <(sed '/^Description=/d' genred@.socket)
            """#)
        #expect(output.isEmpty)
    }

    @Test func `an upgrade keeps the edited configuration, runs the new version of what ran and refuses no client`()
        throws
    {
        try lab.run(
            """
            running 'sources: [{name: mine, uri: "file:/lab/jazz.wav?pace=realtime&loop=true"}]'
            echo "sources: [{name: second, uri: \\"file:/lab/jazz.wav?pace=realtime&loop=true\\"}]" >/etc/genred/second.yaml
            systemctl start genred@second genred-outlet-web
            instance=$(of MainPID genred@second)
            page=$(of MainPID genred-outlet-web)
            process=$(of MainPID)
            rm -rf /var/tmp/next
            dpkg-deb -R /lab/genred.deb /var/tmp/next
            sed -i 's/^Version: .*/&+next/' /var/tmp/next/DEBIAN/control
            echo '# A new default.' >>/var/tmp/next/etc/genred/genred.yaml
            dpkg-deb -Znone -b /var/tmp/next /var/tmp/next.deb >/dev/null
            touch /run/on
            (while [[ -e /run/on ]]; do genrectl status --json >/dev/null || echo refused; done) >/run/refusals 2>&1 &
            dpkg -i --force-confdef --force-confold /var/tmp/next.deb
            rm /run/on
            wait
            [[ ! -s /run/refusals ]] || { cat /run/refusals; exit 1; }
            dpkg-query -W -f '${Version}' genred | grep next
            genrectl sources | grep mine
            [[ $(of MainPID) != "$process" && $(of MainPID genred@second) != "$instance" ]]
            [[ $(of ActiveState genred@second) == active ]]
            eventually 'fetch /healthz'
            [[ $(of MainPID genred-outlet-web) != "$page" && $(of ActiveState genred-outlet-mqtt) == inactive ]]
            """)
    }

    @Test func `removal keeps the configuration and the history, and a purge leaves only a locked user`() throws {
        let output = try lab.run(
            """
            running
            echo "sources: [{name: second, uri: \\"file:/lab/jazz.wav?pace=realtime&loop=true\\"}]" >/etc/genred/second.yaml
            systemctl enable --now genred@second genred-outlet-web.socket
            fetch /metrics | grep genred_build_info
            echo GENRED_MQTT_BROKER=mqtt://127.0.0.1 >/etc/genred/outlet-mqtt.conf
            systemctl enable --now genred-outlet-mqtt
            dpkg -r genred
            [[ -e /etc/genred/genred.yaml && -d /var/lib/genred && ! -e /run/genred/genred.sock ]]
            pgrep -x 'genred|genred-outlet|genred-station' && exit 1
            dpkg -P genred
            passwd --status genred | grep -q ' L '
            # Except for the records of dpkg, systemd and man-db.
            echo "left:"
            find /etc /lib /run /usr /var -xdev -name '*genred*' -not -path '/var/tmp/*' -not -path '/var/lib/dpkg/*' \\
                -not -path '/run/systemd/*' -not -path '/var/lib/systemd/*' \\
                -not -path '/var/cache/man/*' 2>/dev/null
            """)
        #expect(output.hasSuffix("left:\n"), "\(output)")
    }
}
