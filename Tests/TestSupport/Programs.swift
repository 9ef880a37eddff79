// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

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
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == status else {
            throw Failure(
                description:
                    "\(path) \(arguments.joined(separator: " ")): status \(process.terminationStatus): \(text.suffix(2000))"
            )
        }
        return text
    }
}
