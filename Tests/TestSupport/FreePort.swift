// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// Ports of this machine that nobody uses.
package enum FreePort {
    /// A port that nobody listens on now.
    package static func find() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard result else { throw Programs.Failure(description: "no free port: \(systemMessage(errno))") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
