// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// The programs as they were built beside the tests, and those of the system.
enum Programs {
    /// The folder that the test bundle lies in.
    static let folder = URL(
        fileURLWithPath: try! FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    )
    .deletingLastPathComponent()

    static func built(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// The whole path of a program of the system, or nil where it is not installed.
    static func find(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
            .map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Where `name` is missing a test cannot be run: its reason, for `.enabled(if:)`.
    static func has(_ names: String...) -> Bool { names.allSatisfy { find($0) != nil } }

    /// Whether this process may mount file systems: root, and in many a container not even root.
    static let canMount =
        geteuid() == 0 && has("unshare")
        && (try? run("/bin/sh", ["-c", "unshare --mount mount -t tmpfs none /mnt"])) != nil

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Runs a program to its end and gives back what it printed; an error if it exits with anything but 0.
    @discardableResult
    static func run(_ path: String, _ arguments: [String], environment: [String: String] = [:], status: Int32 = 0)
        throws -> String
    {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
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

/// A folder that goes when its test does.
final class TemporaryFolder {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory.appendingPathComponent("genred-test-\(UUID().uuidString.prefix(8))")
            .path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// Waits until `condition` holds, at most `seconds`; what it says of itself when it never did is the caller's.
func wait(_ seconds: Double, until condition: () throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if try condition() { return true }
        try await Task.sleep(for: .milliseconds(20))
    }
    return try condition()
}
