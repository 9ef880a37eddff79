// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport

/// A private, headless PulseAudio server with one sink, `radio`.
final class SoundServer {
    static let isInstalled = Programs.has("pulseaudio", "pacat", "pactl")

    let folder: TemporaryFolder
    private var process: ChildProcess?

    /// - Parameters:
    ///   - rate: the sink's sample rate, Hz.
    ///   - modules: more modules to load.
    init(rate: Int = 48_000, modules: [String] = []) throws {
        folder = try TemporaryFolder()
        self.rate = rate
        self.modules = modules
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
        try """
        </usr/share/alsa/alsa.conf>
        pcm.radio { type pulse device radio.monitor server "\(address)" }
        ctl.radio { type pulse server "\(address)" }
        """.write(toFile: folder.file("asound.conf"), atomically: true, encoding: .utf8)
        try start()
    }

    deinit { kill() }

    private let rate: Int
    private let modules: [String]
    private var address: String { "unix:\(folder.file("native"))" }

    /// The environment in which libpulse, and ALSA as PCM `radio`, find this server.
    var environment: [String: String] {
        [
            "PULSE_SERVER": address, "ALSA_CONFIG_PATH": folder.file("asound.conf"), "HOME": folder.path,
            "XDG_RUNTIME_DIR": folder.path,
        ]
    }

    func start() throws {
        process = try ChildProcess(
            shell: """
                exec pulseaudio -n --daemonize=no --use-pid-file=no --exit-idle-time=-1 --disallow-exit \
                -L "module-null-sink sink_name=radio rate=\(rate) channels=2" \
                \(modules.map { "-L '\($0)'" }.joined(separator: " ")) \
                -L "module-native-protocol-unix socket=\(folder.file("native")) auth-anonymous=1" >log 2>&1
                """, in: folder.path,
            environment: ["HOME": folder.path, "XDG_RUNTIME_DIR": folder.path, "PULSE_RUNTIME_PATH": folder.path])
        guard blockUntil(within: 10, { (try? pactl("info")) != nil }) else {
            throw Programs.Failure(description: "PulseAudio did not start")
        }
    }

    /// Ends the server as a crash does.
    func kill() {
        process?.end()
        process = nil
        try? FileManager.default.removeItem(atPath: folder.file("native"))
    }

    @discardableResult
    func pactl(_ arguments: String...) throws -> String {
        try Programs.run(Programs.find("pactl") ?? "pactl", arguments, environment: environment)
    }

    /// Plays a file into the sink. The player ends by itself or with `end()`.
    func play(_ path: String) throws -> ChildProcess {
        try ChildProcess(shell: "exec paplay -d radio '\(path)' 2>/dev/null", in: folder.path, environment: environment)
    }
}
