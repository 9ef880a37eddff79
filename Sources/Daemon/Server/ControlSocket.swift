// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc

/// Where the control socket is, and who may use it.
struct SocketSettings: Sendable, Equatable {
    /// Nil for the system's, or the user's own where that cannot be made.
    var path: String?
    var mode: mode_t = 0o660
    /// Nil for the daemon's own group.
    var group: String?
}

/// A listening socket at a path: made here and had by this process alone, or passed by the service manager.
///
/// A lock file beside one that is made here keeps two daemons that start at once apart. The socket gets its mode and
/// group under another name and then its own, so that nobody connects before they are right; a dead daemon's socket is
/// replaced by the same stroke, and a living one's is never touched.
final class ControlSocket: Sendable {
    private enum Ownership {
        /// Made here: the lock, and which file the socket is, to remove no other.
        case own(lock: Int32, FileIdentity)
        /// The service manager's, which alone says where it is and who may use it.
        case passed
    }

    let path: String
    /// Bound and listening; whoever takes it closes it.
    let descriptor: Int32
    private let ownership: Ownership

    var isPassed: Bool { if case .passed = ownership { true } else { false } }

    /// Bytes of the longest path: that of an address, less the suffix that it has while it is made.
    static let longestPath = UnixSocket.longestPath - ".new".utf8.count
    /// Connections that wait to be accepted.
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
            let error = SocketError.failed("put the socket at \(path)", call: "rename")
            unlink(temporary)
            close(descriptor)
            unlink("\(path).lock")
            close(lock)
            throw error
        }
        ownership = .own(lock: lock, made)
    }

    /// Takes over what the service manager passed (systemd.socket(5)).
    init(passed descriptor: Int32) throws(SocketError) {
        guard UnixSocket.option(SO_DOMAIN, of: descriptor) == AF_UNIX,
            UnixSocket.option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue),
            UnixSocket.option(SO_ACCEPTCONN, of: descriptor) == 1, let path = UnixSocket.path(of: descriptor)
        else {
            throw SocketError(
                .badDescriptor,
                "descriptor \(descriptor) of the service manager is no listening Unix stream socket;"
                    + " its socket unit must say ListenStream=/PATH")
        }
        self.path = path
        self.descriptor = descriptor
        ownership = .passed
    }

    /// Takes the socket away from its path, if it is still the one there, and lets others have the path. One that was
    /// passed stays: who connects waits for the next daemon.
    func remove() {
        guard case .own(let lock, let identity) = ownership else { return }
        if FileIdentity(path: path, followingLinks: false) == identity { unlink(path) }
        unlink("\(path).lock")
        close(lock)
    }

    /// Changes who may use it, without a moment in which it is not there. Only for one that was made here.
    func use(mode: mode_t, group: String?) throws(SocketError) {
        let groupID = try group.map(Self.identifier) ?? getegid()
        try Self.setOwner(path, mode: mode, group: group, groupID: groupID)
    }

    /// What these settings ask for and the socket is not: of one that was passed.
    func contradictions(to settings: SocketSettings) -> [String] {
        var status = stat()
        guard stat(path, &status) == 0 else { return [] }
        let usual = SocketSettings()
        var different: [String] = []
        if let asked = settings.path, asked != path { different.append("path \(asked)") }
        if settings.mode != usual.mode, settings.mode != status.st_mode & 0o7777 {
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
        // One level: what is above is not ours.
        guard mkdir(directory, 0o755) != 0, errno != EEXIST else { return }
        let hint = errno == ENOENT ? "; its parent must exist" : "; choose another place with --socket PATH"
        throw .failed("make \(directory) for the socket", call: "mkdir", hint: hint)
    }

    private static func lock(_ path: String) throws(SocketError) -> Int32 {
        let name = "\(path).lock"
        while true {
            let file = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard file >= 0 else {
                let hint = errno == EACCES || errno == EROFS ? "; choose another place with --socket PATH" : ""
                throw .failed("make \(name)", call: "open", hint: hint)
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

    /// Throws unless there is nothing, or a socket that nobody serves.
    private static func refuseToReplace(_ path: String) throws(SocketError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw .failed("look at \(path)", call: "lstat")
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw SocketError(
                .cannotCreate,
                "\(path) is there and is no socket; remove it, or choose another place with --socket PATH")
        }
        if UnixSocket.isAnswered(path, ifForbidden: true) { throw SocketError(.inUse, inUse(path)) }
    }

    private static func listen(
        at path: String, mode: mode_t, group: String?, groupID: gid_t?
    ) throws(SocketError) -> Int32 {
        // Ours by the lock, so what is there is what a killed daemon left.
        unlink(path)
        let descriptor = UnixSocket.open(SOCK_STREAM)
        guard descriptor >= 0 else { throw .failed("make a socket", call: "socket") }
        do throws(SocketError) {
            guard UnixSocket.withAddress(path, { bind(descriptor, $0, $1) }) == 0 else {
                throw .failed("make the socket \(path)", call: "bind")
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
                "cannot give the socket to group \(group ?? String(groupID)): \(systemMessage(code));"
                    + " run genred as a member of it, or leave socket.group out",
                call: "chown", errno: code)
        }
        guard chmod(path, mode) == 0 else { throw .failed("set the mode of \(path)", call: "chmod") }
    }

    /// Throws when there is no such group.
    static func identifier(ofGroup name: String) throws(SocketError) -> gid_t {
        var entry = group()
        var result: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 64 << 10)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &result) == 0, result != nil else {
            throw SocketError(.badGroup, "there is no group \(name); make it with addgroup, or change socket.group")
        }
        return entry.gr_gid
    }
}
