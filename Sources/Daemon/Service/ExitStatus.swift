// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import StrictYAML

/// The exit code (the numbers from 64 on are those of sysexits(3)).
enum ExitStatus: Int32, CaseIterable, Sendable {
    /// Stopped by a signal, or every source ended.
    case success = 0
    /// Every source failed.
    case sourcesFailed = 1
    case usage = 64
    /// The system refused something that genred cannot do without.
    case system = 71
    case cannotCreateSocket = 73
    case socketInUse = 75
    case configuration = 78

    var meaning: String {
        switch self {
        case .success: "stopped by SIGTERM or SIGINT, or every source ended"
        case .sourcesFailed: "every source failed"
        case .usage: "the command line is wrong"
        case .system: "the system refused something that genred cannot do without"
        case .cannotCreateSocket: "the control socket cannot be created"
        case .socketInUse: "another genred serves the control socket"
        case .configuration: "the configuration or the model is wrong"
        }
    }
}

/// The reason why the daemon does not start.
struct StartError: Error, Sendable {
    var status: ExitStatus
    var lines: [String]

    init(_ status: ExitStatus, _ line: String) {
        self.status = status
        lines = [line]
    }

    init(_ error: ConfigurationError) {
        status = .configuration
        lines = error.lines
    }

    init(_ error: SocketError) {
        switch error.code {
        case .inUse: status = .socketInUse
        case .badPath, .badGroup, .badDescriptor: status = .configuration
        case .cannotCreate: status = .cannotCreateSocket
        }
        lines = [error.description]
    }

    init(_ error: SystemError) {
        status = .system
        lines = [error.description]
    }
}
