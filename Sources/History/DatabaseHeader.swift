// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// Checks the first bytes of a file before SQLite may touch it (https://www.sqlite.org/fileformat.html).
enum DatabaseHeader {
    /// The application ID in the header of every history: `GENR`.
    static let applicationID: Int32 = 0x4745_4E52
    private static let length = 100

    /// Throws `foreign` for a file that is not a history of genred, and `damaged` for one that a crash has emptied.
    ///
    /// Do not call it while SQLite has the file open: closing the file here would drop SQLite's locks.
    static func check(_ path: String) throws(HistoryError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw HistoryError("cannot read \(path)", call: "open")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw HistoryError(.foreign, "\(path) is not a file; choose another path with history: {path:}")
        }
        if status.st_size == 0 { return }
        var bytes = [UInt8](repeating: 0, count: length)
        let count = read(descriptor, &bytes, length)
        guard count >= 0 else { throw HistoryError("cannot read \(path)", call: "read") }
        if bytes.allSatisfy({ $0 == 0 }) { throw HistoryError(.damaged, "\(path) is damaged: its beginning is empty") }
        guard bytes.starts(with: "SQLite format 3\0".utf8) else {
            throw foreign(path, "is not a database")
        }
        func number(at offset: Int) -> Int32 {
            bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int32($1) }
        }
        // One page without an ID is a new database whose content is still in the write-ahead log.
        let (pages, identifier) = (number(at: 28), number(at: 68))
        guard identifier == applicationID || (identifier == 0 && pages <= 1) else {
            throw foreign(path, "is another program's database")
        }
    }

    static func foreign(_ path: String, _ what: String) -> HistoryError {
        HistoryError(
            .foreign, "\(path) \(what) and is not touched; move it, or choose another path with history: {path:}")
    }
}
