// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc

/// The folder where outlets keep what they must know after a restart.
struct StateFolder {
    let path: String

    /// The service's own folder ($STATE_DIRECTORY), else `~/.local/state/genred-outlet`, made if it does not exist.
    init() throws(OutletError) {
        if let folder = SocketPath.variable("STATE_DIRECTORY")?.split(separator: ":").first {
            path = String(folder)
        } else if let home = SocketPath.variable("HOME"), !home.isEmpty {
            path = "\(home)/.local/state/genred-outlet"
        } else {
            throw OutletError(
                .configuration, "neither STATE_DIRECTORY nor HOME is set: there is no place for the state")
        }
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            mkdir(made, 0o700)
        }
        guard access(path, W_OK | X_OK) == 0 else {
            throw OutletError(
                .configuration, "cannot write in the state folder \(quoted(path)): \(systemMessage(errno))")
        }
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Locks a name until this program ends, however it ends.
    ///
    /// - Parameter taken: what to say if another program has it.
    func lock(_ name: String, taken: String) throws(OutletError) {
        let lock = file("\(name).lock")
        let descriptor = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw OutletError(.system, "cannot open \(quoted(lock)): \(systemMessage(errno)) (open, error \(errno))")
        }
        // The descriptor stays open, and with it the lock.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            guard code == EWOULDBLOCK else {
                throw OutletError(.system, "cannot lock \(quoted(lock)): \(systemMessage(code)) (flock, error \(code))")
            }
            throw OutletError(.configuration, "\(taken) (\(lock) is locked)")
        }
    }
}
