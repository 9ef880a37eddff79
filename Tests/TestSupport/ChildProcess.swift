// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import Synchronization

/// A program that runs beside the test.
///
/// Foundation's Process does not work for programs that close descriptors they did not open, as pulseaudio does: it
/// waits for them in vain, and then notices no other program's end.
package final class ChildProcess: Sendable {
    private struct State {
        var pid: pid_t
        var status: Int32?
    }

    private let state: Mutex<State>

    /// Starts `sh -c command` in a folder, with nothing on its standard input, and `third` as its descriptor 3.
    package init(
        shell command: String, in directory: String, environment: [String: String] = [:], third: Int32? = nil
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        if let third { posix_spawn_file_actions_adddup2(&actions, third, 3) }
        let script = "cd '\(directory)' && \(command)"
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        let arguments: [UnsafeMutablePointer<CChar>?] =
            ["sh", "-c", script].map { (text: String) in strdup(text) } + [nil]
        let strings: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        defer { for string in arguments + strings { free(string) } }
        // The tests ignore SIGPIPE, and their threads block signals: a shell with SIGCHLD blocked waits forever, and a
        // program with SIGTERM blocked does not end. Programs start with no signal ignored or blocked.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var pid: pid_t = 0
        let error = posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments, strings)
        if error != 0 { throw POSIXError(POSIXErrorCode(rawValue: error) ?? .EAGAIN) }
        state = Mutex(State(pid: pid))
    }

    /// Its process number, valid until `status` is not nil.
    package var pid: pid_t { state.withLock { $0.pid } }

    package var isRunning: Bool { status == nil }

    /// Its exit status, or 128 plus the signal that ended it; nil while it runs.
    package var status: Int32? {
        state.withLock { state in
            var status: Int32 = 0
            if state.status == nil, waitpid(state.pid, &status, WNOHANG) == state.pid {
                state.status = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
            }
            return state.status
        }
    }

    package func signal(_ number: Int32) {
        // Under the lock it cannot be reaped, so no other process has its number.
        if isRunning { state.withLock { _ = $0.status == nil ? kill($0.pid, number) : 0 } }
    }

    /// Kills it and waits for its end.
    package func end() {
        signal(SIGKILL)
        while isRunning { usleep(1000) }
    }
}
