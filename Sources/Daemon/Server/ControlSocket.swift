// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc

/// The path, mode and group of the control socket.
struct SocketSettings: Sendable, Equatable {
    /// Nil for the system's path or, if nothing can be created there, the user's own.
    var path: String?
    var mode: mode_t = 0o660
    /// Nil for the daemon's own group.
    var group: String?
}

/// A listening socket at a path: made by this process for itself, or passed by the service manager.
///
/// A lock file beside a socket that is made here keeps apart two daemons that start at once. The socket gets its mode
/// and group under a temporary name and is then renamed, so that nobody connects before they are right. The rename
/// also replaces a dead daemon's socket; a live daemon's socket is never touched.
final class ControlSocket: Sendable {
    private enum Ownership {
        /// Made here: its lock, and the identity of its file, so that no other file is removed.
        case own(lock: Int32, FileIdentity)
        /// Passed by the service manager, which alone decides where it is and who may use it.
        case passed
    }

    let path: String
    /// The bound and listening descriptor. The server that uses it closes it.
    let descriptor: Int32
    private let ownership: Ownership

    var isPassed: Bool { if case .passed = ownership { true } else { false } }

    /// Bytes of the longest path: that of an address, less the suffix of the temporary name.
    static let longestPath = UnixSocket.longestPath - ".new".utf8.count
    /// Connections that may wait to be accepted.
    private static let backlog: Int32 = 128

    init(path: String, mode: mode_t, group: String?) throws(SocketError) {
        let temporary = "\(path).new"
        guard !path.isEmpty, temporary.utf8.count <= UnixSocket.longestPath, !path.utf8.contains(0) else {
            throw SocketError(
                .badPath,
                "the socket's path must be 1 to \(Self.longestPath) bytes long, not \(path.utf8.count)")
        }
        let groupID = try group.map(Self.identifier)
        try Self.makeDirectory(of: path)
        let lock = try Self.lock(path)
        self.path = path
        do throws(SocketError) {
            try Self.refuseToReplace(path)
            descriptor = try Self.listen(at: temporary, mode: mode, group: group, groupID: groupID)
        } catch {
            unlink("\(path).lock")
            close(lock)
            throw error
        }
        let made = FileIdentity(path: temporary, followingLinks: false)
        guard let made, rename(temporary, path) == 0 else {
            let error = SocketError.failed("rename the socket to \(path)", call: "rename")
            unlink(temporary)
            close(descriptor)
            unlink("\(path).lock")
            close(lock)
            throw error
        }
        ownership = .own(lock: lock, made)
    }

    /// Takes over a descriptor that the service manager passed (systemd.socket(5)).
    init(passed descriptor: Int32) throws(SocketError) {
        guard UnixSocket.option(SO_DOMAIN, of: descriptor) == AF_UNIX,
            UnixSocket.option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue),
            UnixSocket.option(SO_ACCEPTCONN, of: descriptor) == 1, let path = UnixSocket.path(of: descriptor)
        else {
            throw SocketError(
                .badDescriptor,
                "descriptor \(descriptor) from the service manager is not a listening Unix stream socket;"
                    + " its socket unit must have ListenStream=/PATH")
        }
        self.path = path
        self.descriptor = descriptor
        ownership = .passed
    }

    /// Removes the socket, if it is still the one at its path, and its lock. A socket that was passed stays: clients that
    /// connect to it wait for the next daemon.
    func remove() {
        guard case .own(let lock, let identity) = ownership else { return }
        if FileIdentity(path: path, followingLinks: false) == identity { unlink(path) }
        unlink("\(path).lock")
        close(lock)
    }

    /// Changes the mode and group of a socket that was made here, in place.
    func use(mode: mode_t, group: String?) throws(SocketError) {
        let groupID = try group.map(Self.identifier) ?? getegid()
        try Self.setOwner(path, mode: mode, group: group, groupID: groupID)
    }

    /// The settings that a socket which was passed does not have, such as `mode 0600`.
    func contradictions(to settings: SocketSettings) -> [String] {
        var status = stat()
        guard stat(path, &status) == 0 else { return [] }
        let defaults = SocketSettings()
        var different: [String] = []
        if let asked = settings.path, asked != path { different.append("path \(asked)") }
        if settings.mode != defaults.mode, settings.mode != status.st_mode & 0o7777 {
            different.append("mode 0\(String(settings.mode, radix: 8))")
        }
        if let group = settings.group, (try? Self.identifier(ofGroup: group)) != status.st_gid {
            different.append("group \(group)")
        }
        return different
    }

    // MARK: - Steps

    private static func makeDirectory(of path: String) throws(SocketError) {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        let directory = String(path[..<slash])
        // Only the last folder: those above it are not genred's.
        guard mkdir(directory, 0o755) != 0, errno != EEXIST else { return }
        let hint = errno == ENOENT ? "; its parent must exist" : "; choose another path with --socket PATH"
        throw .failed("create \(directory) for the socket", call: "mkdir", hint: hint)
    }

    private static func lock(_ path: String) throws(SocketError) -> Int32 {
        let name = "\(path).lock"
        while true {
            let file = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard file >= 0 else {
                let hint = errno == EACCES || errno == EROFS ? "; choose another path with --socket PATH" : ""
                throw .failed("create \(name)", call: "open", hint: hint)
            }
            guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
                close(file)
                throw SocketError(.inUse, inUse(path))
            }
            // A daemon that was stopping may have removed the file between the two calls.
            if let locked = FileIdentity(descriptor: file), locked == FileIdentity(path: name, followingLinks: false) {
                return file
            }
            close(file)
        }
    }

    private static func inUse(_ path: String) -> String {
        "another genred serves \(path); stop it, or give this one a socket of its own with --socket PATH"
    }

    /// Throws unless the path is free, or has a socket that no daemon serves.

    private static func refuseToReplace(_ path: String) throws(SocketError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw .failed("check \(path)", call: "lstat")
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw SocketError(
                .cannotCreate,
                "\(path) exists and is not a socket; remove it, or choose another path with --socket PATH")
        }
        if UnixSocket.isAnswered(path, ifForbidden: true) { throw SocketError(.inUse, inUse(path)) }
    }

    private static func listen(
        at path: String, mode: mode_t, group: String?, groupID: gid_t?
    ) throws(SocketError) -> Int32 {
        // This process holds the lock, so a file with that name was left by a daemon that was killed.
        unlink(path)
        let descriptor = UnixSocket.open(SOCK_STREAM)
        guard descriptor >= 0 else { throw .failed("create a socket", call: "socket") }
        do throws(SocketError) {
            guard UnixSocket.withAddress(path, { bind(descriptor, $0, $1) }) == 0 else {
                throw .failed("create the socket \(path)", call: "bind")
            }
            try setOwner(path, mode: mode, group: group, groupID: groupID)
            guard Glibc.listen(descriptor, backlog) == 0 else {
                throw .failed("listen at \(path)", call: "listen")
            }
            return descriptor
        } catch {
            unlink(path)
            close(descriptor)
            throw error
        }
    }

    private static func setOwner(_ path: String, mode: mode_t, group: String?, groupID: gid_t?) throws(SocketError) {
        if let groupID, chown(path, uid_t.max, groupID) != 0 {
            let code = errno
            throw SocketError(
                .badGroup,
                "cannot change the socket's group to \(group ?? String(groupID)): \(systemMessage(code));"
                    + " run genred as a member of that group, or remove socket.group",
                call: "chown", errno: code)
        }
        guard chmod(path, mode) == 0 else { throw .failed("set the mode of \(path)", call: "chmod") }
    }

    /// Looks up a group. Throws if there is none of that name.
    static func identifier(ofGroup name: String) throws(SocketError) -> gid_t {
        var entry = group()
        var result: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 64 << 10)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &result) == 0, result != nil else {
            throw SocketError(.badGroup, "there is no group \(name); create it with addgroup, or change socket.group")
        }
        return entry.gr_gid
    }
}
