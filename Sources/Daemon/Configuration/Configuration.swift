// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import History
import Logging
import Streaming

/// What the daemon is to do, from file, command line and defaults.
struct Configuration: Sendable, Equatable {
    struct Source: Sendable, Equatable {
        var name: String
        var uri: SourceURI
    }

    struct Log: Sendable, Equatable {
        var level = Logger.Level.info
        /// Seconds between summaries; nil for none.
        var summary: Double? = 3600
    }

    /// What becomes of the changes of label.
    struct History: Sendable, Equatable {
        enum Place: Sendable, Equatable {
            /// Where `Defaults` finds one.
            case usual
            case memory
            /// The path of a file.
            case file(String)

            static let rule = "an absolute path, or none to keep it in memory"

            init?(_ text: String) {
                if text == "none" {
                    self = .memory
                } else if text.hasPrefix("/"), !text.hasSuffix("/"), !text.utf8.contains(0) {
                    self = .file(text)
                } else {
                    return nil
                }
            }
        }

        var place = Place.usual
        /// Seconds.
        var keep: Double
        /// Changes of each source.
        var limit: Int

        /// What the history itself does by default.
        init() {
            let usual = HistorySettings()
            (keep, limit) = (usual.keep, usual.limit)
        }
    }

    /// The file that was read; nil when there is none.
    var file: String?
    var sources: [Source] = []
    var socket = SocketSettings()
    /// The path of the model; nil for the one that ships with the program.
    var model: String?
    /// Seconds between estimates; nil for as often as the network allows.
    var update: Double?
    var estimator = EstimatorParameters()
    var history = History()
    var log = Log()

    /// Where in the file what was decided, for errors that are only seen later; by the key's path, such as `update`.
    var places: [String: ConfigurationPlace] = [:]

    static func == (a: Configuration, b: Configuration) -> Bool {
        // Where it is written does not matter.
        a.file == b.file && a.sources == b.sources && a.socket == b.socket && a.model == b.model
            && a.update == b.update && a.estimator == b.estimator && a.history == b.history && a.log == b.log
    }

    /// The most sources, as many as the analysis has slots.
    static let mostSources = 1000
}

/// A place in the configuration file, counted from 1.
struct ConfigurationPlace: Sendable, Equatable, Comparable {
    var line: Int
    var column: Int

    static func < (a: Self, b: Self) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

/// One mistake.
struct ConfigurationProblem: Sendable, Equatable {
    /// Nil for a mistake that is nowhere in a file.
    var place: ConfigurationPlace?
    /// What was found and what was expected.
    var message: String
}

/// Why a configuration cannot be used: every mistake that was found in it.
struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file; nil for mistakes of the command line.
    var file: String?
    var problems: [ConfigurationProblem]

    init(file: String?, problems: [ConfigurationProblem]) {
        self.file = file
        self.problems = problems.sorted { ($0.place ?? .none) < ($1.place ?? .none) }
    }

    init(file: String?, at place: ConfigurationPlace? = nil, _ message: String) {
        self.init(file: file, problems: [ConfigurationProblem(place: place, message: message)])
    }

    /// One line a mistake, as compilers write them: `FILE:LINE:COLUMN: what is wrong`.
    var lines: [String] {
        problems.map { problem in
            var line = file.map { "\($0):" } ?? ""
            if let place = problem.place { line += "\(place.line):\(place.column):" }
            return line.isEmpty ? problem.message : "\(line) \(problem.message)"
        }
    }

    var description: String { lines.joined(separator: "\n") }
}

extension ConfigurationPlace {
    fileprivate static let none = ConfigurationPlace(line: 0, column: 0)
}
