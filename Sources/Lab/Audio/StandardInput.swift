// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Foundation
import Training

/// Standard input as an audio file.
enum StandardInput {
    /// Copies standard input to an unnamed file first, since most formats cannot be read from a pipe.
    static func reader() throws -> AudioFileReader {
        guard let file = tmpfile() else {
            throw TrainingError(
                .cannotWrite, "cannot make a temporary file: \(systemMessage(errno))", call: "tmpfile", errno: errno)
        }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw TrainingError(.cannotRead, "cannot read: \(systemMessage(errno))", call: "read", errno: errno)
            }
            if count == 0 { break }
            guard fwrite(buffer, 1, count, file) == count else {
                throw TrainingError(
                    .cannotWrite, "cannot write to a temporary file: \(systemMessage(errno))", call: "fwrite",
                    errno: errno)
            }
        }
        fflush(file)
        Glibc.rewind(file)
        return try AudioFileReader(fileDescriptor: dup(fileno(file)), name: "standard input")
    }
}
