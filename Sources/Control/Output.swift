// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc

/// Standard output and standard error, a line at a time.
enum Output {
    static let painter = Painter(descriptor: STDOUT_FILENO)

    static func lines(_ lines: [Line]) {
        write(Array(lines.map { painter.paint($0) + "\n" }.joined().utf8))
    }

    /// One object a line.
    static func json(_ value: some Encodable) throws { write(try JSON.line(value)) }

    static func error(_ message: String) {
        let bytes = Array("genrectl: \(DisplayText.clean(message))\n".utf8)
        _ = put(bytes, to: STDERR_FILENO)
    }

    /// At once, past any buffer: who reads a pipe wants each line when it is true. When nobody reads any more there
    /// is nothing left to do: a closed pipe ends the program by SIGPIPE, a full disk here.
    static func write(_ bytes: [UInt8]) {
        if !put(bytes, to: STDOUT_FILENO) {
            error("cannot write the output: \(systemMessage(errno))")
            exit(EXIT_FAILURE)
        }
    }

    /// False on an error other than being interrupted; then errno says which.
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
