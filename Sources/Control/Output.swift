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
        let bytes = Array("genrectl: \(DisplayText.clean(message))\n".utf8)
        _ = put(bytes, to: STDERR_FILENO)
    }

    /// Writes without a buffer, so that the reader of a pipe gets each line at once. If that fails, the program ends: by
    /// SIGPIPE for a closed pipe, here for a full disk.
    static func write(_ bytes: [UInt8]) {
        if !put(bytes, to: STDOUT_FILENO) {
            error("cannot write the output: \(systemMessage(errno))")
            exit(EXIT_FAILURE)
        }
    }

    /// Writes all bytes; false on an error, with its number in `errno`.
    static func put(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&entry, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
