// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

/// The program `genred-outlet hook`, with rules that the test writes.
final class HookFixture {
    let folder: TemporaryFolder
    private let socket: String
    private var process: ChildProcess?

    init(socket: String) throws {
        folder = try TemporaryFolder()
        self.socket = socket
        _ = try folder.write("\(HookServer.secret)\n", to: "secret")
    }

    deinit { process?.end() }

    /// Writes the rules, and starts the program unless it runs.
    func use(_ rules: String) async throws {
        _ = try folder.write(rules, to: "hooks.yaml")
        guard process == nil else { return signal(SIGHUP) }
        try start()
        #expect(await eventually { log.contains(" from hooks.yaml") }, "it does not start: \(log)")
    }

    func start() throws {
        let state = folder.file("state")
        mkdir(state, 0o700)
        let program = Programs.built("genred-outlet")
        process = try ChildProcess(
            shell: "exec '\(program)' --socket '\(socket)' hook --rules hooks.yaml >>log 2>&1", in: folder.path,
            environment: ["STATE_DIRECTORY": state])
    }

    func signal(_ number: Int32) { process?.signal(number) }

    func stop() async {
        process?.signal(SIGTERM)
        #expect(await eventually { process?.isRunning != true }, "it does not stop: \(log)")
        #expect(process?.status == 0)
    }

    func kill() { process?.end() }

    var pid: pid_t { process?.pid ?? 0 }

    var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }

    func text(_ name: String) -> String { (try? String(contentsOfFile: folder.file(name), encoding: .utf8)) ?? "" }

    /// Writes a shell script that can be run.
    func script(_ text: String, _ name: String = "script") throws -> String {
        try folder.writeProgram("#!/bin/sh\n\(text)\n", to: name)
    }
}
