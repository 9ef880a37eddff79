// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc

/// Writes lines to standard output and standard error.
enum Output {
    static let painter = Painter(descriptor: STDOUT_FILENO)

    static func lines(_ lines: [Line]) {
        write(Array(lines.map { painter.paint($0) + "\n" }.joined().utf8))
    }

    /// Writes the value as one line of JSON.
    static func json(_ value: some Encodable) throws { write(try JSON.line(value)) }

    static func error(_ message: String) {
        _ = writeAll("genrectl: \(DisplayText.clean(message))\n".utf8, to: STDERR_FILENO)
    }

    /// Writes without a buffer, so that the reader of a pipe gets each line at once. If that fails, the program ends: by
    /// SIGPIPE for a closed pipe, here for a full disk.
    static func write(_ bytes: [UInt8]) {
        if !writeAll(bytes, to: STDOUT_FILENO) {
            error("cannot write the output: \(systemMessage(errno))")
            exit(EXIT_FAILURE)
        }
    }
}
