// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// Reserves a history's file for this process, with a lock file beside it that is never removed.
///
/// SQLite's own locks would let two daemons write in turns, and each would close the other's open labels as those of a
/// dead daemon.
final class HistoryLock {
    private let descriptor: Int32

    init(for path: String) throws(HistoryError) {
        let name = "\(path).lock"
        descriptor = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw HistoryError("cannot create \(name)", call: "open") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw HistoryError(
                .inUse,
                "another genred keeps its history in \(path); give this one a file of its own with history: {path:}")
        }
    }

    deinit { close(descriptor) }
}
