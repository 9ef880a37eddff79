// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import TestSupport

/// A throw-away machine with a real systemd, made of this machine's own files (see systemd-lab).
final class SystemdLab: Sendable {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// The machine of all tests, which boots once.
    static let shared = Result { try SystemdLab() }

    /// The reason why this machine cannot run it; nil if it can.
    static let obstacle: String? = {
        if geteuid() != 0 { return "booting a systemd needs root" }
        for program in ["/lib/systemd/systemd", "/usr/bin/unshare", "/usr/bin/nsenter", "/usr/bin/dpkg"]
        where access(program, X_OK) != 0 {
            return "\(program) is missing; 'make deps' installs it"
        }
        if package == nil { return "no package to install; build it with 'make deb' or 'make test'" }
        let probe = """
            unshare --mount --pid --fork --net --cgroup --uts --ipc sh -c 'd=$(mktemp -d) && mount -t tmpfs tmpfs $d &&
            mkdir $d/u $d/w $d/r && mount -t overlay overlay -o lowerdir=/,upperdir=$d/u,workdir=$d/w $d/r'
            """
        guard (try? execute(probe))?.status == 0 else {
            return "root may not create namespaces and overlays here"
        }
        return nil
    }()

    private static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The newest package that `make deb` has built.
    private static let package: String? = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: project)) ?? []
        return names.filter { $0.hasPrefix("genred_") && $0.hasSuffix(".deb") }.sorted().last.map { "\(project)/\($0)" }
    }()

    private let folder: String
    private let machine: ChildProcess

    private init() throws {
        var template = Array("/tmp/genred-lab.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(description: "cannot make a folder in /tmp") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let input = "\(folder)/input"
        let built = "\(Self.project)/.build/release"
        try FileManager.default.createDirectory(atPath: input, withIntermediateDirectories: true)
        guard let package = Self.package else { throw Failure(description: "no package") }
        let prepared = try Self.execute(
            """
            set -e; cp '\(package)' '\(input)/genred.deb'; cp '\(built)/freeze-thread' '\(input)/'
            for genre in jazz metal; do
                '\(built)/genred-programme' render "\(input)/$genre.wav" --genre $genre --seconds 15
            done
            """)
        guard prepared.status == 0 else { throw Failure(description: prepared.output) }
        machine = try ChildProcess(
            shell: "exec '\(Self.project)/Tests/ServiceTests/Support/systemd-lab' '\(folder)'", in: "/")
        let deadline = ContinuousClock.now + .seconds(40)
        while access("\(folder)/init", F_OK) != 0 {
            guard ContinuousClock.now < deadline, machine.isRunning else {
                let console = (try? String(contentsOfFile: "\(folder)/console", encoding: .utf8)) ?? ""
                machine.signal(SIGTERM)
                throw Failure(description: "systemd did not come up: \(console.suffix(2000))")
            }
            usleep(50_000)
        }
    }

    /// Runs a bash script in it as root, and returns what it printed.
    ///
    /// - Throws: a ``Failure`` with everything that was printed, if the exit status is not 0.
    @discardableResult
    func run(_ script: String) throws -> String {
        let process = try String(contentsOfFile: "\(folder)/init", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let file = "\(folder)/script"
        try (Self.prelude + script + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        let outcome = try Self.execute(
            "timeout -k 1 90 nsenter -t \(process) -m -u -i -n -p -C -r -w"
                + " env -i PATH=\(path) LANG=C.UTF-8 /bin/bash -c \"$(cat '\(file)')\"")
        guard outcome.status == 0 else {
            throw Failure(description: "status \(outcome.status) of:\n\(script)\n--\n\(outcome.output.suffix(6000))")
        }
        return outcome.output
    }

    /// Functions for all scripts.
    private static let prelude = #"""
        set -euo pipefail
        cd /
        # eventually COMMAND: waits up to 15 s until it succeeds.
        eventually() {
            for try in {1..150}; do eval "$*" >/dev/null 2>&1 && return; sleep 0.1; done
            echo "timed out: $*"; journalctl -u 'genred*' --no-pager -o cat -n 40; exit 1
        }
        # stays COMMAND: fails if the command fails within a second and a half.
        stays() { for try in {1..15}; do eval "$*" >/dev/null || exit 1; sleep 0.1; done; }
        # says TEXT COMMAND…: whether the command prints the text.
        says() { local text=$1; shift; [[ $("$@" 2>&1) == *"$text"* ]]; }
        of() { systemctl show --property "$1" --value "${2:-genred}"; }
        installed() {
            dpkg-query -W -f '${Status}' genred 2>/dev/null | grep -q 'ok installed' || dpkg -i /lab/genred.deb >/dev/null
        }
        # running [CONFIGURATION]: installs the package and starts the daemon with this configuration and no history.
        running() {
            installed
            systemctl stop genred.socket genred 'genred-outlet-*' 'genred-station@*'
            rm -rf /etc/systemd/system/genred{.service,-outlet-web.socket}.d /var/lib/genred/* \
                /var/lib/private/genred-outlet-*/* /etc/genred/{mqtt-password,web-token,outlet-mqtt.conf,stations/*}
            systemctl daemon-reload
            systemctl reset-failed 'genred*'
            printf '%s\n' "${1-# Nothing but defaults.}" >/etc/genred/genred.yaml
            systemctl start genred
        }
        # playing: the same, with a source that plays jazz.
        playing() { running 'sources: [{name: radio, uri: "file:/lab/jazz.wav?pace=realtime&loop=true"}]'; }
        # fetch PATH: what the web outlet answers.
        fetch() { curl -sSf --max-time 10 "http://127.0.0.1:8321$1"; }
        # drop_in LINE…: adds lines to the unit's section [Service].
        drop_in() {
            mkdir -p /etc/systemd/system/genred.service.d
            printf '%s\n' '[Service]' "$@" >/etc/systemd/system/genred.service.d/test.conf
            systemctl daemon-reload
        }
        # fifo NAME: makes a FIFO as operations.md describes.
        fifo() { mkfifo -m 620 "/run/genred/$1" && chown genred:audio "/run/genred/$1"; }

        """#

    private static func execute(_ script: String) throws -> (status: Int32, output: String) {
        let output = "/tmp/genred-lab-output.\(getpid()).\(UInt32.random(in: 0 ... .max))"
        defer { unlink(output) }
        let process = try ChildProcess(shell: "{ \(script)\n} >'\(output)' 2>&1", in: "/")
        while process.isRunning { usleep(5000) }
        let data = FileManager.default.contents(atPath: output) ?? Data()
        return (process.status ?? -1, String(decoding: data, as: UTF8.self))
    }
}
