// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// A private, headless PulseAudio server with one null sink, `radio`: played to it, recorded from `radio.monitor`.
final class PulseServer: Sendable {
    static let isInstalled = Programs.has("pulseaudio", "pactl")
    static let missing: Comment = "pulseaudio or pactl is not installed (apt-get install pulseaudio pulseaudio-utils)"

    /// The address of this process's server.
    static var address: String { address(in: TestEnvironment.directory) }

    static func address(in directory: URL) -> String {
        "unix:\(directory.appending(path: "pulse/native").path)"
    }

    private let process = Mutex<ChildProcess?>(nil)

    private var home: URL { TestEnvironment.directory.appending(path: "pulse") }

    /// Starts the server, after a crash too, and returns when it listens.
    func start() async throws {
        try FileManager.default.createDirectory(
            at: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let socket = home.appending(path: "native").path
        unlink(socket)
        let started = try ChildProcess(
            shell:
                """
                exec pulseaudio -n --daemonize=no --use-pid-file=no --exit-idle-time=-1 --disallow-exit \
                -L "module-null-sink sink_name=radio rate=48000 channels=2" \
                -L "module-native-protocol-unix socket=\(socket) auth-anonymous=1" >log 2>&1
                """, environment: ["HOME": home.path, "XDG_RUNTIME_DIR": home.path, "PULSE_RUNTIME_PATH": home.path])
        process.withLock { $0 = started }
        try #require(await eventually(within: 10) { access(socket, F_OK) == 0 }, "the sound server did not start")
        // A null sink works in blocks of up to 2 s unless a client wants a lower latency. This one ends with the server.
        _ = try ChildProcess(
            shell: "exec parec -d radio.monitor --latency-msec=20 >/dev/null 2>&1",
            environment: ["PULSE_SERVER": Self.address])
    }

    /// Sends the server a signal.
    func signal(_ number: Int32) {
        process.withLock { $0?.signal(number) }
    }

    /// Ends the server as a crash does.
    func crash() {
        process.withLock { $0?.end() }
    }

    /// Runs pactl.
    func control(_ arguments: String) async throws {
        try await TestEnvironment.run(
            "pactl \(arguments) >>pactl.log 2>&1", environment: ["PULSE_SERVER": Self.address])
    }

    /// Plays a file to the sink `radio` in the background.
    func play(_ path: String, sink: String = "radio") throws -> ChildProcess {
        try ChildProcess(
            shell: "exec paplay -d \(sink) 2>/dev/null '\(path)'", environment: ["PULSE_SERVER": Self.address])
    }
}

/// Runs one sound server for a suite.
struct PulseServerTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await PulseServer.shared.start()
        defer { PulseServer.shared.crash() }
        try await function()
    }
}

extension PulseServer {
    /// This process's server; suites that need it are nested in one serialized suite.
    static let shared = PulseServer()
}

extension Trait where Self == PulseServerTrait {
    static var pulseServer: Self { PulseServerTrait() }
}
