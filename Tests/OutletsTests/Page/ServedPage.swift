// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc
import TestSupport
import Testing

/// A real `genred-outlet web` for a daemon, on a port of its own that it keeps when it is started again.
final class ServedPage {
    let address: String
    private let folder: TemporaryFolder
    private let socket: String
    private let port: UInt16
    private var process: ChildProcess?

    /// - Parameters:
    ///   - folder: where its log goes.
    ///   - socket: the daemon's control socket.
    init(_ folder: TemporaryFolder, socket: String) async throws {
        self.folder = folder
        self.socket = socket
        port = UInt16(try FreePort.find())
        address = "http://127.0.0.1:\(port)/"
        try await start()
    }

    deinit { process?.end() }

    func start() async throws {
        process = try ChildProcess(
            shell: """
                exec '\(Programs.built("genred-outlet"))' --socket '\(socket)' web --listen 127.0.0.1:\(port) \
                >>outlet.log 2>&1
                """, in: folder.path)
        let isThere = await eventually { Self.answers(port) || process?.isRunning != true }
        guard isThere, process?.isRunning == true else {
            let log = try String(contentsOfFile: folder.file("outlet.log"), encoding: .utf8)
            throw Programs.Failure(description: "genred-outlet web does not answer: \(log)")
        }
    }

    func end() { process?.end() }

    private static func answers(_ port: UInt16) -> Bool {
        guard let descriptor = try? newSocket() else { return false }
        defer { close(descriptor) }
        var address = Self.address(port: port)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func newSocket() throws -> Int32 {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        try #require(descriptor >= 0)
        return descriptor
    }

    private static func address(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        return address
    }
}
