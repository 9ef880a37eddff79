// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import TestSupport

/// A machine with a real systemd, of this machine's own files, that is gone when the tests are (see systemd-lab).
final class SystemdLab: Sendable {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// One for all the tests: it boots once.
    static let shared = Result { try SystemdLab() }

    /// Why there cannot be one here, or nil.
    static let obstacle: String? = {
        if geteuid() != 0 { return "a systemd of its own needs root" }
        for program in ["/lib/systemd/systemd", "/usr/bin/unshare", "/usr/bin/nsenter", "/usr/bin/dpkg"]
        where access(program, X_OK) != 0 {
            return "there is no \(program); 'make deps' installs what is missing"
        }
        if package == nil { return "there is no package to install; 'make deb' builds it, and 'make test' does too" }
        let probe = """
            unshare --mount --pid --fork --net --cgroup --uts --ipc sh -c 'd=$(mktemp -d) && mount -t tmpfs tmpfs $d &&
            mkdir $d/u $d/w $d/r && mount -t overlay overlay -o lowerdir=/,upperdir=$d/u,workdir=$d/w $d/r'
            """
        guard (try? execute(probe))?.status == 0 else {
            return "root may not make namespaces and overlays here"
        }
        return nil
    }()

    private static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// What make deb has built, the newest.
    private static let package: String? = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: project)) ?? []
        return names.filter { $0.hasPrefix("genred_") && $0.hasSuffix(".deb") }.sorted().last.map { "\(project)/\($0)" }
    }()

    private let folder: String
    private let machine: ChildProcess

    private init() throws {
        var template = Array("/tmp/genred-lab.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(description: "no folder in /tmp") }
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

    /// Runs a script of bash in it, as root, and gives back what it printed.
    ///
    /// - Throws: a ``Failure`` with all that was printed when it exits with anything but 0.
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

    /// What every script may use.
    private static let prelude = #"""
        set -euo pipefail
        cd /
        # eventually COMMAND: waits until it succeeds, for 15 s.
        eventually() {
            for try in {1..150}; do eval "$*" >/dev/null 2>&1 && return; sleep 0.1; done
            echo "in vain: $*"; journalctl -u 'genred*' --no-pager -o cat -n 40; exit 1
        }
        # stays COMMAND: fails as soon as it does, for a second and a half.
        stays() { for try in {1..15}; do eval "$*" >/dev/null || exit 1; sleep 0.1; done; }
        # says TEXT COMMAND…: whether what the command prints has the text in it.
        says() { local text=$1; shift; [[ $("$@" 2>&1) == *"$text"* ]]; }
        of() { systemctl show --property "$1" --value "${2:-genred}"; }
        installed() {
            dpkg-query -W -f '${Status}' genred 2>/dev/null | grep -q 'ok installed' || dpkg -i /lab/genred.deb >/dev/null
        }
        # running [CONFIGURATION]: the package installed, and the daemon started with this configuration and no history.
        running() {
            installed
            systemctl stop genred.socket genred
            rm -rf /etc/systemd/system/genred.service.d /var/lib/genred/*
            systemctl daemon-reload
            systemctl reset-failed 'genred*'
            printf '%s\n' "${1-# Nothing but defaults.}" >/etc/genred/genred.yaml
            systemctl start genred
        }
        # drop_in LINE…: more of the unit's section [Service].
        drop_in() {
            mkdir -p /etc/systemd/system/genred.service.d
            printf '%s\n' '[Service]' "$@" >/etc/systemd/system/genred.service.d/test.conf
            systemctl daemon-reload
        }
        # fifo NAME: a FIFO as operations.md has it made.
        fifo() { mkfifo -m 660 "/run/genred/$1" && chgrp genred "/run/genred/$1"; }

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
