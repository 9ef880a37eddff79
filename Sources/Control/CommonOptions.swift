// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol

/// Options of every command, before or after its name.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("genred's control socket.", valueName: "path"))
    var socket: String?

    @Flag(help: "Print JSON, one object per line, as received from the socket.")
    var json = false

    var path: String { socket ?? SocketPath.find() }

    /// Runs `body` with a connected client. An error is printed on standard error and becomes the exit code.
    func withClient(_ body: (ControlClient) throws -> Void) throws {
        do {
            try body(try ControlClient(path: path))
        } catch let error as ControlError {
            throw Failure.exit(for: error)
        }
    }
}

/// Turns errors into exit codes.
enum Failure {
    static let daemonError = ExitCode(1)
    static let notReachable = ExitCode(3)
    static let noPermission = ExitCode(4)
    static let connectionLost = ExitCode(5)

    /// Prints the error on standard error and returns its exit code.
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
