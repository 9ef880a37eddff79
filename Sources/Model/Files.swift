// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// A whole file of at most `limit` bytes; a directory, a device or a FIFO is refused rather than waited for. The error
/// does not name the file: who asked for it knows what it is to them.
package func readWholeFile(_ path: String, limit: Int) throws(ModelError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
        throw ModelError(.cannotRead, systemMessage(errno), call: "open", errno: errno)
    }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else {
        throw ModelError(.cannotRead, systemMessage(errno), call: "fstat", errno: errno)
    }
    guard information.st_mode & S_IFMT == S_IFREG else { throw ModelError(.cannotRead, "not a regular file") }
    guard information.st_size <= limit else {
        throw ModelError(.malformed, "\(information.st_size) bytes; at most \(limit) are read")
    }
    var bytes = [UInt8](repeating: 0, count: Int(information.st_size))
    var filled = 0
    while filled < bytes.count {
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + filled, $0.count - filled) }
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else {
            throw ModelError(.cannotRead, systemMessage(errno), call: "read", errno: errno)
        }
        if count == 0 { break }
        filled += count
    }
    return Array(bytes[..<filled])
}

/// A file that takes another one's place when it is complete: a reader sees the old one or the new one, never half of
/// one. What is not completed leaves nothing behind.
///
/// A symbolic link stays, and what it leads to is replaced. A device or a FIFO is written to as it is. Used by one thread
/// at a time.
package final class ReplacingFile {
    private let path: String
    /// What is written to until the end; nil where the target itself is.
    private let temporary: String?
    private let target: String
    private var descriptor: Int32

    /// - Throws: `cannotWrite`, at once and not at the end, where nothing can be written in the path's folder or a folder
    ///   is in the way.
    package init(_ path: String) throws(ModelError) {
        self.path = path
        var information = stat()
        let exists = stat(path, &information) == 0
        let kind = exists ? information.st_mode & S_IFMT : S_IFREG
        if kind == S_IFDIR || path.hasSuffix("/") || path.isEmpty {
            throw Self.failure(path, "open", path.isEmpty ? ENOENT : EISDIR)
        }
        guard kind == S_IFREG else {
            (target, temporary) = (path, nil)
            descriptor = open(path, O_WRONLY | O_CLOEXEC)
            if descriptor < 0 { throw Self.failure(path, "open", errno) }
            return
        }
        target = Self.resolved(path)
        // A name that nobody has: what a person keeps beside it is not to be lost.
        let name = "\(target).\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
        let mode = exists ? information.st_mode & 0o777 : 0o666
        temporary = name
        descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        if descriptor < 0 { throw Self.failure(path, "open", errno) }
        // As it was, whatever the umask.
        if exists { fchmod(descriptor, mode) }
    }

    /// Throws where nothing could be written, and touches nothing: a reader of a FIFO does not notice.
    package static func check(_ path: String) throws(ModelError) {
        var information = stat()
        let kind = stat(path, &information) == 0 ? information.st_mode & S_IFMT : S_IFREG
        if kind == S_IFREG || kind == S_IFDIR {
            _ = try ReplacingFile(path)
            return
        }
        if access(path, W_OK) != 0 { throw failure(path, "access", errno) }
    }

    deinit { abandon() }

    private static func resolved(_ path: String) -> String {
        if let real = realpath(path, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        // A link that leads nowhere yet: to what it says.
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
        guard count > 0 else { return path }
        let link = String(decoding: buffer[..<count], as: UTF8.self)
        return link.hasPrefix("/") ? link : URL(fileURLWithPath: path).deletingLastPathComponent().path + "/" + link
    }

    private static func failure(_ path: String, _ call: String, _ code: Int32) -> ModelError {
        ModelError(.cannotWrite, "cannot write '\(path)': \(systemMessage(code))", call: call, errno: code)
    }

    private func abandon() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        if let temporary { unlink(temporary) }
    }

    /// Appends.
    package func write(_ bytes: [UInt8]) throws(ModelError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let code = errno
                abandon()
                throw Self.failure(path, "write", code)
            }
            written += count
        }
    }

    /// Puts it in its place; nothing can be written afterwards.
    package func complete() throws(ModelError) {
        let ended = close(descriptor)
        let code = errno
        descriptor = -1
        guard ended == 0 else {
            if let temporary { unlink(temporary) }
            throw Self.failure(path, "close", code)
        }
        guard let temporary else { return }
        guard rename(temporary, target) == 0 else {
            let code = errno
            unlink(temporary)
            throw Self.failure(path, "rename", code)
        }
    }
}

/// Writes a whole file, or leaves what was there (`ReplacingFile`).
package func writeWholeFile(_ bytes: [UInt8], to path: String) throws(ModelError) {
    let file = try ReplacingFile(path)
    try file.write(bytes)
    try file.complete()
}
