// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Glibc

/// The programs that were built beside the tests, and those of the system.
package enum Programs {
    /// The path of a program that was built beside the tests.
    package static func built(_ name: String) -> String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "."
        return URL(filePath: tests).deletingLastPathComponent().appending(path: name).path
    }

    /// The path of a program of the system; nil if it is not installed.
    package static func find(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
            .map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Whether programs of the system are all installed.
    package static func has(_ names: String...) -> Bool { names.allSatisfy { find($0) != nil } }

    /// Whether this process may mount file systems: it must be root, and in many containers root may not either.
    package static let canMount =
        geteuid() == 0 && has("unshare")
        && (try? run("/bin/sh", ["-c", "unshare --mount mount -t tmpfs none /mnt"])) != nil

    package struct Failure: Error, CustomStringConvertible {
        package var description: String

        package init(description: String) { self.description = description }
    }

    /// Runs a program to its end and returns what it printed; throws if it exits with another status than `status`.
    @discardableResult
    package static func run(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], status: Int32 = 0
    ) throws -> String {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure(description: "pipe: \(systemMessage(errno))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let null = OwnedDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC))
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        var process: pid_t = 0
        // Not Foundation's Process, which waits for whatever the program leaves behind, too.
        let error = spawnProgram(
            [path] + arguments, environment: variables, input: null.number, output: ends[1], errors: ends[1],
            folder: FileManager.default.currentDirectoryPath, process: &process)
        close(ends[1])
        let output = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        guard error == 0 else { throw Failure(description: "\(path) cannot be started: \(systemMessage(error))") }
        let text = String(decoding: output.readDataToEndOfFile(), as: UTF8.self)
        var ending: Int32 = 0
        while waitpid(process, &ending, 0) < 0, errno == EINTR {}
        // As a shell counts: 128 and the number of the signal that ended it.
        let code = ending & 0x7F == 0 ? (ending >> 8) & 0xFF : 128 + (ending & 0x7F)
        guard code == status else {
            throw Failure(
                description: "\(path) \(arguments.joined(separator: " ")): status \(code): \(text.suffix(2000))")
        }
        return text
    }
}
