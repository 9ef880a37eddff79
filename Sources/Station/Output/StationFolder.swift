// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// The two FIFOs of a station, in a folder. They stay when the program ends, so that a reader can wait for the next start.
struct StationFolder {
    let audio: String
    let notes: String

    /// Makes what is missing, and takes the name for as long as this program runs.
    init(_ folder: String, name: String) throws(StationError) {
        (audio, notes) = ("\(folder)/\(name).wav", "\(folder)/\(name).notes")
        try Self.lock(folder, name)
        for fifo in [audio, notes] { try Self.make(fifo) }
    }

    private static func make(_ path: String) throws(StationError) {
        if mkfifo(path, 0o640) == 0 {
            // Whatever the file mode mask is: the group reads.
            chmod(path, 0o640)
            return
        }
        let code = errno
        guard code == EEXIST else {
            throw StationError(
                .system, "cannot make the FIFO \(quoted(path)): \(systemMessage(code)) (mkfifo, error \(code))")
        }
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
            throw StationError(.configuration, "\(quoted(path)) is there already, and is no FIFO: move it away")
        }
        guard access(path, W_OK) == 0 else {
            throw StationError(.configuration, "cannot write to the FIFO \(quoted(path)): \(systemMessage(errno))")
        }
    }

    private static func lock(_ folder: String, _ name: String) throws(StationError) {
        let path = "\(folder)/.\(name).lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            let code = errno
            throw StationError(
                code == ENOENT || code == EACCES || code == ENOTDIR ? .configuration : .system,
                "cannot write in the folder \(quoted(folder)): \(systemMessage(code)) (open, error \(code))")
        }
        // The descriptor stays open, and with it the lock.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw StationError(
                .configuration, "another genred-station feeds \(name) in \(folder): give one of them another --name")
        }
    }
}
