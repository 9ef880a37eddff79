// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol

/// What every command takes, before its name or after it.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The control socket of genred.", valueName: "path"))
    var socket: String?

    @Flag(help: "Print JSON, one object a line, as it crosses the socket.")
    var json = false

    var path: String { socket ?? SocketPath.find() }

    /// Runs `body` with a connected client; what goes wrong is said on standard error and becomes the exit code.
    func withClient(_ body: (ControlClient) throws -> Void) throws {
        do {
            try body(try ControlClient(path: path))
        } catch let error as ControlError {
            throw Failure.exit(for: error)
        }
    }
}

/// How failures end the program.
enum Failure {
    static let daemonError = ExitCode(1)
    static let notReachable = ExitCode(3)
    static let noPermission = ExitCode(4)
    static let connectionLost = ExitCode(5)

    /// Says what happened on standard error.
    static func exit(for error: ControlError) -> ExitCode {
        Output.error(error.message)
        return code(for: error)
    }

    static func code(for error: ControlError) -> ExitCode {
        switch error.code {
        case .answered: daemonError
        case .permissionDenied: noPermission
        case .closed: connectionLost
        case .notRunning, .refused, .timeout, .badPath, .mismatch, .failed: notReachable
        }
    }
}
