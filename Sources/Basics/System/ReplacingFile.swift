// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// A file that replaces another when it is complete: a reader sees the old file or the new one, never half of one. A
/// file that is not completed leaves nothing behind.
///
/// A symbolic link stays, and the file that it points to is replaced. A device or a FIFO is written to directly. Use it
/// from one thread at a time.
package final class ReplacingFile {
    private let path: String
    /// The file that is written until the end; nil if the target is written directly.
    private let temporary: String?
    private let target: String
    private var descriptor: Int32

    /// Opens the file.
    ///
    /// - Throws: `cannotWrite`, here and not only at the end, if the path's folder is not writable or the path is a
    ///   folder.
    package init(_ path: String) throws(FileError) {
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
        // A random name: a fixed one could be a file that somebody keeps there.
        let name = "\(target).\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
        let mode = exists ? information.st_mode & 0o777 : 0o666
        temporary = name
        descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        if descriptor < 0 { throw Self.failure(path, "open", errno) }
        // The same mode as the old file, regardless of the umask.
        if exists { fchmod(descriptor, mode) }
    }

    /// Throws if the file could not be written, without changing anything: a reader of a FIFO does not notice.
    package static func check(_ path: String) throws(FileError) {
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
        // A link to a file that does not exist yet: create the file that it points to.
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
        guard count > 0 else { return path }
        let link = String(decoding: buffer[..<count], as: UTF8.self)
        guard !link.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return link }
        return path[...slash] + link
    }

    private static func failure(_ path: String, _ call: String, _ code: Int32) -> FileError {
        FileError(.cannotWrite, "cannot write '\(path)': \(systemMessage(code))", call: call, errno: code)
    }

    private func abandon() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        if let temporary { unlink(temporary) }
    }

    /// Appends bytes.
    package func write(_ bytes: [UInt8]) throws(FileError) {
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

    /// Replaces the target. Nothing can be written afterwards.
    package func complete() throws(FileError) {
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
