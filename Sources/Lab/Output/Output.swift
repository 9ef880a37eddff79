// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// Standard output and standard error of the program.
enum Output {
    static let errorIsTerminal = isatty(STDERR_FILENO) == 1

    /// Prints a line of the result.
    static func line(_ text: String) { print(text + "\n") }

    /// Prints lines of the result.
    static func lines(_ lines: [String]) { print(lines.map { $0 + "\n" }.joined()) }

    /// Prints a value as JSON on one line.
    static func json(_ value: some Encodable) throws {
        line(String(decoding: try encoder().encode(value), as: UTF8.self))
    }

    /// A value as JSON that people edit.
    static func prettyJSON(_ value: some Encodable) throws -> Data { try encoder(.prettyPrinted).encode(value) }

    /// Prints progress or a remark on standard error. Names in it may come from anywhere.
    static func note(_ text: String) { progress(printable(text) + "\n") }

    /// Writes text to standard error as it is. Errors are ignored: they are no reason to end a run of a whole night.
    static func progress(_ text: String) { _ = writeAll(text.utf8, to: STDERR_FILENO) }

    private static func print(_ text: String) {
        guard !writeAll(text.utf8, to: STDOUT_FILENO) else { return }
        let code = errno
        // If the reader has closed the pipe, it meant to.
        if code != EPIPE { note("Error: cannot write the output: \(systemMessage(code))") }
        exit(EXIT_FAILURE)
    }

    private static func encoder(_ formatting: JSONEncoder.OutputFormatting = []) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, formatting]
        return encoder
    }

    /// Whether standard output takes colours.
    private static let hasColour =
        isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil

    static func bold(_ text: String) -> String { hasColour ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
    static func dim(_ text: String) -> String { hasColour ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
}
