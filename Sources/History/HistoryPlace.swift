// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// Reserves the path of a history, and the identity beside it, for this process, with a lock file that is never removed.
///
/// SQLite's own locks would let two daemons write in turns, and each would close the other's open labels as those of a
/// dead daemon.
final class HistoryPlace {
    let path: String
    let instanceFile: InstanceFile
    private let lock: OwnedDescriptor

    /// Creates the folder if it is missing.
    ///
    /// - Parameter makesFolders: whether all folders above the file may be created, or only the last one.
    init(_ path: String, makesFolders: Bool) throws(HistoryError) {
        self.path = path
        instanceFile = InstanceFile(besides: path)
        try Self.makeFolder(of: path, isDeep: makesFolders)
        let name = "\(path).lock"
        lock = OwnedDescriptor(open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600))
        guard lock.isOpen else { throw HistoryError("cannot create \(name)", call: "open") }
        // A process that is about to end, or a child of it that has not begun its own program, lets go in a moment.
        var attempts = 20
        while flock(lock.number, LOCK_EX | LOCK_NB) != 0, attempts > 0 {
            attempts -= 1
            usleep(10_000)
        }
        guard attempts > 0 || flock(lock.number, LOCK_EX | LOCK_NB) == 0 else {
            throw HistoryError(
                .inUse,
                "another genred keeps its history in \(path); give this one a file of its own with history: {path:}")
        }
    }

    private static func makeFolder(of path: String, isDeep: Bool) throws(HistoryError) {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        let folder = String(path[..<slash])
        if mkdir(folder, 0o700) == 0 || errno == EEXIST { return }
        if errno == ENOENT, isDeep {
            try makeFolder(of: folder, isDeep: true)
            if mkdir(folder, 0o700) == 0 || errno == EEXIST { return }
        }
        throw HistoryError("cannot create the folder \(folder) for the history", call: "mkdir")
    }
}
