// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import TestSupport

/// Runs the genrectl that was built with the tests.
enum Program {
    struct Ending {
        var status: Int32
        var output: String
        var error: String

        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    static var url: URL { URL(filePath: Programs.built("genrectl")) }

    /// Returns an environment without the variables that affect genrectl.
    static func environment(_ extra: [String: String] = [:]) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        for name in ["GENRED_SOCKET", "XDG_RUNTIME_DIR", "NO_COLOR", "COLORTERM", "LC_ALL", "LC_CTYPE"] {
            environment[name] = nil
        }
        environment["LANG"] = "C.UTF-8"
        environment["TERM"] = "xterm-256color"
        return environment.merging(extra) { $1 }
    }

    static func start(
        _ arguments: [String], environment: [String: String] = [:], output: Any, error: Any, input: Any? = nil
    ) throws -> Process {
        let process = Process()
        process.executableURL = url
        process.arguments = arguments
        process.environment = Self.environment(environment)
        process.standardInput = input ?? FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = error
        try process.run()
        return process
    }

    /// Starts genrectl as this user or, since root may connect anywhere, as another one if this is root.
    static func startUnprivileged(_ arguments: [String], error: Any) throws -> Process {
        let process = Process()
        let isRoot = geteuid() == 0
        process.executableURL = isRoot ? URL(filePath: "/usr/bin/setpriv") : url
        process.arguments =
            (isRoot ? ["--reuid", "65534", "--regid", "65534", "--clear-groups", url.path] : []) + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = error
        try process.run()
        return process
    }

    /// Runs genrectl to its end.
    static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Ending {
        let (output, error) = (Pipe(), Pipe())
        let process = try start(arguments, environment: environment, output: output, error: error)
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let errorText = error.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Ending(
            status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
            error: String(decoding: errorText, as: UTF8.self))
    }

    /// Returns an unused path in the temporary directory.
    static func freePath() -> String {
        "\(FileManager.default.temporaryDirectory.path)/genrectl-\(UUID().uuidString.prefix(8))"
    }
}
