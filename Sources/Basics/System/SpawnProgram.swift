// SPDX-License-Identifier: GPL-3.0-or-later

import CSpawn
import Glibc

/// Where a program is, by $PATH; nil if it is not installed.
package func findProgram(_ name: String) -> String? {
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
    return path.split(separator: ":").map { "\($0)/\(name)" }.first { $0.hasPrefix("/") && access($0, X_OK) == 0 }
}

/// Starts a program in a process group of its own, whose number is that of the process. It has no descriptor but the three
/// that are named, and ignores and blocks no signal.
///
/// - Parameters:
///   - arguments: the program's path first.
///   - environment: all of its variables, as `NAME=value`.
///   - folder: its working folder.
///   - process: its number, if it was started.
/// - Returns: 0, or the error number of posix_spawn(3).
package func spawnProgram(
    _ arguments: [String], environment: [String], input: Int32, output: Int32, errors: Int32,
    folder: String = "/", process: inout pid_t
) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
    // Other descriptors are inherited otherwise, those that libraries have opened among them.
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    posix_spawn_file_actions_addchdir_np(&actions, folder)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
        &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    let strings: [[UnsafeMutablePointer<CChar>?]] = [arguments, environment].map { texts in
        texts.map { (text: String) in strdup(text) } + [nil]
    }
    defer { for string in strings.joined() { free(string) } }
    return posix_spawn(&process, arguments[0], &actions, &attributes, strings[0], strings[1])
}
