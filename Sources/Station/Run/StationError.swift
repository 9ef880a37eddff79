// SPDX-License-Identifier: GPL-3.0-or-later

/// The exit code (the numbers from 64 on are those of sysexits(3)).
enum StationExit: Int32, CaseIterable, Sendable {
    /// Stopped by a signal, or because nobody reads standard output any more.
    case success = 0
    case usage = 64
    /// The system refused something that the program cannot do without.
    case system = 71
    /// The configuration is wrong: a restart would not help.
    case configuration = 78

    var meaning: String {
        switch self {
        case .success: "stopped by SIGTERM or SIGINT, or the reader of standard output has ended"
        case .usage: "the command line is wrong"
        case .system: "the system refused something that the program cannot do without"
        case .configuration: "the configuration is wrong, or ffmpeg is not installed"
        }
    }

    /// The table at the end of the help.
    static var help: String {
        allCases.map { "  \($0.rawValue)\($0.rawValue < 10 ? " " : "")  \($0.meaning)" }.joined(separator: "\n")
    }
}

/// The reason why the program does not start. One line for each mistake.
struct StationError: Error, Sendable {
    var exit: StationExit
    var lines: [String]

    init(_ exit: StationExit, _ lines: String...) { self.init(exit, lines: lines) }

    init(_ exit: StationExit, lines: [String]) {
        self.exit = exit
        self.lines = lines
    }
}
