// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// Reads a whole file of at most `limit` bytes. A directory, a device or a FIFO is refused, since reading it might
/// block.
///
/// The error does not name the file: the caller knows what the file is for.
package func readWholeFile(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
        throw FileError(.cannotRead, systemMessage(errno), call: "open", errno: errno)
    }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else {
        throw FileError(.cannotRead, systemMessage(errno), call: "fstat", errno: errno)
    }
    guard information.st_mode & S_IFMT == S_IFREG else { throw FileError(.cannotRead, "not a regular file") }
    guard information.st_size <= limit else {
        throw FileError(.tooLarge, "\(information.st_size) bytes; at most \(limit) are read")
    }
    var bytes = [UInt8](repeating: 0, count: Int(information.st_size))
    var filled = 0
    while filled < bytes.count {
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + filled, $0.count - filled) }
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else {
            throw FileError(.cannotRead, systemMessage(errno), call: "read", errno: errno)
        }
        if count == 0 { break }
        filled += count
    }
    return Array(bytes[..<filled])
}

/// Writes a whole file, or leaves the old one as it was (`ReplacingFile`).
package func writeWholeFile(_ bytes: [UInt8], to path: String) throws(FileError) {
    let file = try ReplacingFile(path)
    try file.write(bytes)
    try file.complete()
}

/// An error in reading or writing a file.
package typealias FileError = CodedError<FileErrorCode>

/// The kind of a `FileError`.
package enum FileErrorCode: Sendable, Equatable {
    case cannotRead
    case cannotWrite
    /// The file has more bytes than the caller accepts.
    case tooLarge
}
