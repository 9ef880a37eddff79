// SPDX-License-Identifier: GPL-3.0-or-later

/// A place in the configuration file, counted from 1.
package struct ConfigurationPlace: Sendable, Equatable, Comparable {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (a: Self, b: Self) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

/// One mistake in a configuration.
package struct ConfigurationProblem: Sendable, Equatable {
    /// Nil for a mistake without a place in a file.
    package var place: ConfigurationPlace?
    /// One line that names what was found and what was expected.
    package var message: String

    package init(place: ConfigurationPlace? = nil, message: String) {
        self.place = place
        self.message = message
    }
}

/// The mistakes that make a configuration unusable: all that were found.
package struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file; nil for mistakes on the command line.
    package var file: String?
    package var problems: [ConfigurationProblem]

    package init(file: String?, problems: [ConfigurationProblem]) {
        self.file = file
        self.problems = problems.sorted { ($0.place ?? .none) < ($1.place ?? .none) }
    }

    package init(file: String?, at place: ConfigurationPlace? = nil, _ message: String) {
        self.init(file: file, problems: [ConfigurationProblem(place: place, message: message)])
    }

    /// One line for each mistake, in the form that compilers use: `FILE:LINE:COLUMN: what is wrong`.
    package var lines: [String] {
        problems.map { problem in
            var line = file.map { "\($0):" } ?? ""
            if let place = problem.place { line += "\(place.line):\(place.column):" }
            return line.isEmpty ? problem.message : "\(line) \(problem.message)"
        }
    }

    package var description: String { lines.joined(separator: "\n") }
}

extension ConfigurationPlace {
    fileprivate static let none = ConfigurationPlace(line: 0, column: 0)
}
