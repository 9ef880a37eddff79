// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol
import Glibc
import Logging
import Reporting

/// The exit code (the numbers from 64 on are those of sysexits(3)).
enum OutletExit: Int32, CaseIterable, Sendable {
    /// Stopped by a signal.
    case success = 0
    case usage = 64
    /// The system refused something that the outlet cannot do without.
    case system = 71
    /// The configuration is wrong: a restart would not help.
    case configuration = 78

    var meaning: String {
        switch self {
        case .success: "stopped by SIGTERM or SIGINT"
        case .usage: "the command line is wrong"
        case .system: "the system refused something that the outlet cannot do without"
        case .configuration: "the configuration is wrong"
        }
    }

    /// The table at the end of a command's help.
    static var help: String {
        allCases.map { "  \($0.rawValue)\($0.rawValue < 10 ? " " : "")  \($0.meaning)" }.joined(separator: "\n")
    }
}

/// The reason why an outlet does not start, or gives up. One line for each mistake.
struct OutletError: Error, Sendable {
    var exit: OutletExit
    var lines: [String]

    init(_ exit: OutletExit, _ lines: String...) { self.init(exit, lines: lines) }

    init(_ exit: OutletExit, lines: [String]) {
        self.exit = exit
        self.lines = lines
    }
}

/// What every outlet runs in: its log, and the signals that end it.
struct OutletRun {
    let log: Logger
    /// SIGTERM and SIGINT, which end the outlet, and SIGHUP.
    let signals: SignalQueue
    let notification: ServiceNotification

    /// Runs an outlet until `body` returns. An error is printed on standard error and becomes the exit code.
    static func start(level: Logger.Level, _ body: (OutletRun) throws -> Void) throws {
        let level = SharedLevel(level)
        let isJournal = StandardError.shared.isJournal(SocketPath.variable("JOURNAL_STREAM"))
        let run = OutletRun(
            log: Logger(label: "genred-outlet") { _ in LineLog(isJournal: isJournal, level: level) },
            signals: SignalQueue([SIGTERM, SIGINT, SIGHUP]),
            notification: ServiceNotification(path: SocketPath.variable("NOTIFY_SOCKET")))
        do {
            try body(run)
        } catch let error as OutletError {
            for line in error.lines { StandardError.shared.write("genred-outlet: \(line)\n") }
            throw ExitCode(error.exit.rawValue)
        }
    }
}
