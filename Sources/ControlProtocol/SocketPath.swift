// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// Finds the control socket.
package enum SocketPath {
    /// The socket of the system service.
    package static let system = "/run/genred/genred.sock"

    /// Returns the path that a client connects to by default: `$GENRED_SOCKET` if it is set, else the system service's
    /// socket if it exists, else that of the user's own daemon (`$XDG_RUNTIME_DIR/genred/genred.sock`) if it exists, else
    /// the system service's.
    package static func find(_ environment: (String) -> String? = variable) -> String {
        if let path = environment("GENRED_SOCKET"), !path.isEmpty { return path }
        if access(system, F_OK) == 0 { return system }
        if let directory = environment("XDG_RUNTIME_DIR"), !directory.isEmpty {
            let own = "\(directory)/genred/genred.sock"
            if access(own, F_OK) == 0 { return own }
        }
        return system
    }

    /// Returns a variable of this process's environment.
    package static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// Returns who may use the socket at `path`, such as `root:genred, mode 0660`, and how to become one of them, for
    /// messages; nil when the path cannot be looked up.
    static func owner(of path: String) -> (text: String, advice: String)? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        let user = getpwuid(status.st_uid).map { String(cString: $0.pointee.pw_name) } ?? String(status.st_uid)
        let group = getgrgid(status.st_gid).map { String(cString: $0.pointee.gr_name) } ?? String(status.st_gid)
        let mode = String(status.st_mode & 0o7777, radix: 8)
        // Connecting needs write permission.
        let advice =
            status.st_mode & S_IWGRP != 0 && status.st_gid != 0
            ? #"join its group with "sudo usermod -aG \#(group) $USER", then log in again"#
            : "run this as \(user), or let others use the socket in genred's configuration (socket: {group:, mode:})"
        return ("\(user):\(group), mode 0\(mode)", advice)
    }

    static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }
}
