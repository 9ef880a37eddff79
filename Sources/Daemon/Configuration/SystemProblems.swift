// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// What a configuration asks for and this machine does not have.
extension Configuration {
    /// What makes it impossible, with its places in the file.
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

    /// Why a file can be at `path` for nobody; nil when it can, or when that cannot be seen.
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
        // genred makes the last folder itself.
        guard errno == ENOENT, stat(above, &status) != 0, errno == ENOENT else { return nil }
        return "there is no folder \(above); make it, or choose another place"
    }

    /// What only this user cannot do, who may not be the one that genred will run as.
    var permissionNotes: [String] {
        guard case .file(let path) = history.place else { return [] }
        let places: [String] = [path, Self.parent(of: path), Self.parent(of: Self.parent(of: path))]
        let needed = places.first { access($0, F_OK) == 0 }
        guard let needed, access(needed, W_OK) != 0 else { return [] }
        let user = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? String(geteuid())
        return [
            "history.path: user \(user) may not write \(needed): if genred runs as that user, the history is kept in memory"
        ]
    }

    private static func parent(of path: String) -> String {
        let folder = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
        return folder.isEmpty ? "/" : String(folder)
    }
}
