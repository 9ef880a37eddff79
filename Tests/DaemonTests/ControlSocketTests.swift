// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc
import TestSupport
import Testing

@testable import genred

struct ControlSocketTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("s") }

    init() throws { folder = try TemporaryFolder() }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test func `the socket has the configured mode from its first moment, whatever the umask`() throws {
        let old = umask(0)
        defer { umask(old) }
        let socket = try ControlSocket(path: path, mode: 0o640, group: nil)
        #expect(mode(path) == 0o640)
        socket.remove()
        close(socket.descriptor)
        umask(0o777)
        let other = try ControlSocket(path: path, mode: 0o666, group: nil)
        #expect(mode(path) == 0o666)
        other.remove()
        close(other.descriptor)
    }

    @Test func `a removed socket leaves nothing behind`() throws {
        let socket = try ControlSocket(path: path, mode: 0o600, group: nil)
        #expect(UnixSocket.isAnswered(path, ifForbidden: false))
        socket.remove()
        close(socket.descriptor)
        for name in ["s", "s.new", "s.lock"] { #expect(access(folder.file(name), F_OK) != 0, "\(name)") }
    }

    @Test func `a live daemon's socket is never replaced`() throws {
        let socket = try ControlSocket(path: path, mode: 0o600, group: nil)
        let error = try #require(throws: SocketError.self) { try ControlSocket(path: path, mode: 0o600, group: nil) }
        #expect(error.code == .inUse)
        #expect(
            error.message
                == "another genred serves \(path); stop it, or give this one a socket of its own with --socket PATH")
        #expect(UnixSocket.isAnswered(path, ifForbidden: false))
        socket.remove()
        close(socket.descriptor)
    }

    @Test func `a live socket without a lock file is not replaced either`() throws {
        let descriptor = UnixSocket.open(SOCK_STREAM)
        defer { close(descriptor) }
        #expect(UnixSocket.withAddress(path) { bind(descriptor, $0, $1) } == 0)
        #expect(listen(descriptor, 1) == 0)
        let error = try #require(throws: SocketError.self) { try ControlSocket(path: path, mode: 0o600, group: nil) }
        #expect(error.code == .inUse)
        #expect(access(folder.file("s.lock"), F_OK) != 0, "no lock is left behind")
    }

    @Test func `a dead daemon's socket is replaced, with everything that it left`() throws {
        for name in ["s", "s.new"] {
            let descriptor = UnixSocket.open(SOCK_STREAM)
            #expect(UnixSocket.withAddress(folder.file(name)) { bind(descriptor, $0, $1) } == 0)
            close(descriptor)
        }
        _ = try folder.write("", to: "s.lock")
        let socket = try ControlSocket(path: path, mode: 0o600, group: nil)
        #expect(UnixSocket.isAnswered(path, ifForbidden: false))
        socket.remove()
        close(socket.descriptor)
    }

    @Test func `a file that is not a socket is not touched`() throws {
        _ = try folder.write("precious", to: "s")
        let error = try #require(throws: SocketError.self) { try ControlSocket(path: path, mode: 0o600, group: nil) }
        #expect(error.code == .cannotCreate)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test func `another program's file at the socket's path is not removed at the end`() throws {
        let socket = try ControlSocket(path: path, mode: 0o600, group: nil)
        unlink(path)
        _ = try folder.write("another's", to: "s")
        socket.remove()
        close(socket.descriptor)
        #expect(access(path, F_OK) == 0)
    }

    @Test func `a missing folder is created, but not the folders above it`() throws {
        let socket = try ControlSocket(path: folder.file("new/s"), mode: 0o600, group: nil)
        socket.remove()
        close(socket.descriptor)
        let error = try #require(throws: SocketError.self) {
            try ControlSocket(path: folder.file("a/b/s"), mode: 0o600, group: nil)
        }
        #expect(error.code == .cannotCreate)
        #expect(error.call == "mkdir")
    }

    @Test func `impossible socket paths are refused`() {
        for bad in ["", String(repeating: "x", count: 200), "/tmp/a\0b"] {
            let error = #expect(throws: SocketError.self) { try ControlSocket(path: bad, mode: 0o600, group: nil) }
            #expect(error?.code == .badPath)
        }
    }

    @Test func `a group that does not exist is named`() throws {
        let error = try #require(throws: SocketError.self) {
            try ControlSocket(path: path, mode: 0o600, group: "no-such-group")
        }
        #expect(error.code == .badGroup)
        #expect(error.message.contains("no-such-group"))
        #expect(access(path, F_OK) != 0)
    }

    @Test func `one of many daemons that start at once wins`() async throws {
        let path = path
        let winners = await withTaskGroup(of: ControlSocket?.self) { group in
            for _ in 0..<20 {
                group.addTask { try? ControlSocket(path: path, mode: 0o600, group: nil) }
            }
            var winners: [ControlSocket] = []
            for await case let socket? in group { winners.append(socket) }
            return winners
        }
        #expect(winners.count == 1)
        for socket in winners {
            socket.remove()
            close(socket.descriptor)
        }
    }
}
