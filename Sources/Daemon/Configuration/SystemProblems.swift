// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc
import StrictYAML

/// Checks of a configuration against the machine that it is read on.
extension Configuration {
    /// Mistakes that make the configuration impossible here, with their places in the file.
    var systemProblems: [ConfigurationProblem] {
        var problems: [ConfigurationProblem] = []
        if let group = socket.group {
            do throws(SocketError) {
                _ = try ControlSocket.identifier(ofGroup: group)
            } catch {
                problems.append(ConfigurationProblem(place: places["socket.group"], message: error.description))
            }
        }
        if case .file(let path) = history.place, let place = places["history.path"], let problem = Self.problem(path) {
            problems.append(ConfigurationProblem(place: place, message: "history.path: \(problem)"))
        }
        return problems
    }

    /// The reason why no user can have a file at `path`; nil if one can, or if this user cannot see that.
    private static func problem(_ path: String) -> String? {
        var status = stat()
        if stat(path, &status) == 0 {
            return status.st_mode & S_IFMT == S_IFREG ? nil : "\(path) is not a file"
        }
        let folder = parent(of: path)
        let above = parent(of: folder)
        if stat(folder, &status) == 0 {
            return status.st_mode & S_IFMT == S_IFDIR ? nil : "\(folder) is not a folder"
        }
        // genred creates the last folder itself.
        guard errno == ENOENT, stat(above, &status) != 0, errno == ENOENT else { return nil }
        return "there is no folder \(above); create it, or choose another path"
    }

    /// Notes on what this user may not do. They are no mistakes: genred may run as another user.
    var permissionNotes: [String] {
        guard case .file(let path) = history.place else { return [] }
        let places: [String] = [path, Self.parent(of: path), Self.parent(of: Self.parent(of: path))]
        let needed = places.first { access($0, F_OK) == 0 }
        guard let needed, access(needed, W_OK) != 0 else { return [] }
        let user = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? String(geteuid())
        return [
            "history.path: user \(user) may not write \(needed); if genred runs as that user, it keeps the history in memory"
        ]
    }

    private static func parent(of path: String) -> String {
        let folder = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
        return folder.isEmpty ? "/" : String(folder)
    }
}
