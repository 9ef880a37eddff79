// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Glibc
import TestSupport

/// A TCP connection to a port of this machine that never blocks the thread.
final class TCPClient: @unchecked Sendable {
    // Unchecked: one task uses a client at a time.
    let descriptor: Int32
    private(set) var isClosed = false

    /// - Parameter receiveBuffer: the size of the kernel's buffer, for a client that reads slowly.
    init(port: UInt16, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let descriptor = descriptor
        // A sockaddr_in is one kind of sockaddr.
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Programs.Failure(description: "connect: error \(errno)") }
    }

    deinit { close() }

    func close() {
        if !isClosed { Glibc.close(descriptor) }
        isClosed = true
    }

    /// Closes it with a reset.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    @discardableResult
    func send(_ text: String) async -> Bool { await send(Array(text.utf8)) }

    /// Sends everything; false if the other side has closed, or reads nothing for `patience`.
    @discardableResult
    func send(_ bytes: [UInt8], patience: Double = 10) async -> Bool {
        var sent = 0
        var deadline = monotonicSeconds() + patience
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count > 0 {
                sent += count
                deadline = monotonicSeconds() + patience
            } else {
                guard errno == EAGAIN, monotonicSeconds() < deadline else { return false }
                try? await Task.sleep(for: .milliseconds(1))
            }
        }
        return true
    }

    /// What has arrived, at most `count` bytes; nil at the end.
    func receive(_ count: Int = 65_536) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = recv(descriptor, &bytes, count, Int32(MSG_DONTWAIT))
        if result > 0 { return Array(bytes[..<result]) }
        return result < 0 && errno == EAGAIN ? [] : nil
    }

    /// Reads until the other side closes, or until `seconds` have passed.
    func readToEnd(within seconds: Double = 30) async -> [UInt8] {
        var all: [UInt8] = []
        _ = await eventually(within: seconds) {
            guard let bytes = receive() else { return true }
            all += bytes
            return false
        }
        return all
    }

    /// Whether the other side closes within some seconds; what arrives is dropped.
    func isClosedByPeer(within seconds: Double) async -> Bool {
        await eventually(within: seconds) { receive() == nil }
    }
}
