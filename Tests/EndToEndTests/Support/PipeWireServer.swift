// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport

/// A private, headless PipeWire with its PulseAudio server and one sink, `radio`.
final class PipeWireServer {
    static let isInstalled = Programs.has("pipewire", "pipewire-pulse", "wireplumber", "dbus-daemon", "pactl", "paplay")

    private let folder: TemporaryFolder
    private var processes: [ChildProcess] = []

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
        for program in [
            "dbus-daemon --session --nofork --nopidfile --address=unix:path=\(folder.file("bus"))", "pipewire",
            "wireplumber", "pipewire-pulse",
        ] {
            let log = program.prefix { $0 != " " }
            processes.append(
                try ChildProcess(shell: "exec \(program) >\(log).log 2>&1", in: folder.path, environment: environment))
            // Each needs the one before it.
            let made = ["dbus-daemon": "bus", "pipewire": "pipewire-0", "pipewire-pulse": "pulse/native"]
            if let socket = made[String(log)] {
                _ = blockUntil(within: 10) { FileManager.default.fileExists(atPath: folder.file(socket)) }
            }
        }
        // The session manager, which keeps the default, comes a moment after the server.
        for command in [["load-module", "module-null-sink", "sink_name=radio"], ["set-default-sink", "radio"]] {
            guard blockUntil(within: 20, { (try? pactl(command)) != nil }) else {
                throw Programs.Failure(description: "PipeWire did not start: pactl \(command.joined(separator: " "))")
            }
        }
    }

    deinit { for process in processes.reversed() { process.end() } }

    /// The environment in which libpulse finds this server.
    var environment: [String: String] {
        [
            "PULSE_SERVER": "unix:\(folder.file("pulse/native"))", "HOME": folder.path, "XDG_RUNTIME_DIR": folder.path,
            "XDG_CONFIG_HOME": folder.file("config"), "XDG_STATE_HOME": folder.file("state"),
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=\(folder.file("bus"))",
        ]
    }

    @discardableResult
    func pactl(_ arguments: String...) throws -> String { try pactl(arguments) }

    @discardableResult
    private func pactl(_ arguments: [String]) throws -> String {
        try Programs.run(Programs.find("pactl") ?? "pactl", arguments, environment: environment)
    }

    /// Plays a file into the sink. The player ends by itself or with `end()`.
    func play(_ path: String) throws -> ChildProcess {
        try ChildProcess(shell: "exec paplay -d radio '\(path)' 2>/dev/null", in: folder.path, environment: environment)
    }
}
