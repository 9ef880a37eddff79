// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// Where the control socket is.
package enum SocketPath {
    /// Of the system's service.
    package static let system = "/run/genred/genred.sock"

    /// Where a client looks: `$GENRED_SOCKET` if it is set, else the system's socket if there is one, else that of
    /// the user's own daemon (`$XDG_RUNTIME_DIR/genred/genred.sock`) if there is one, else the system's.
    package static func find(_ environment: (String) -> String? = variable) -> String {
        if let path = environment("GENRED_SOCKET"), !path.isEmpty { return path }
        if access(system, F_OK) == 0 { return system }
        if let directory = environment("XDG_RUNTIME_DIR"), !directory.isEmpty {
            let own = "\(directory)/genred/genred.sock"
            if access(own, F_OK) == 0 { return own }
        }
        return system
    }

    /// A variable of this process's environment.
    package static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// Who may use the socket at `path`, for messages: `root:genred, mode 0660`, and what to do to be among them. Nil
    /// when it cannot even be looked at.
    static func owner(of path: String) -> (text: String, advice: String)? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        let user = getpwuid(status.st_uid).map { String(cString: $0.pointee.pw_name) } ?? String(status.st_uid)
        let group = getgrgid(status.st_gid).map { String(cString: $0.pointee.gr_name) } ?? String(status.st_gid)
        let mode = String(status.st_mode & 0o7777, radix: 8)
        // Connecting takes the right to write.
        let advice =
            status.st_mode & S_IWGRP != 0 && status.st_gid != 0
            ? #"join its group with "sudo usermod -aG \#(group) $USER" and log in again"#
            : "run this as \(user), or say in genred's configuration who else may use it (socket: {group:, mode:})"
        return ("\(user):\(group), mode 0\(mode)", advice)
    }

    static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }
}
