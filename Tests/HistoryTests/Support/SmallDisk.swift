// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc

/// A file system of a few kilobytes in memory, for tests of a full disk. It needs root to mount it.
final class SmallDisk: Sendable {
    static let isPossible = geteuid() == 0

    private let path: String

    struct NotMounted: Error { var errno: Int32 }

    init(at path: String, kilobytes: Int) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k") == 0 else { throw NotMounted(errno: errno) }
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    /// Fills the disk to the last byte.
    func fill() throws {
        let descriptor = open("\(path)/ballast", O_WRONLY | O_CREAT, 0o600)
        defer { close(descriptor) }
        let bytes = [UInt8](repeating: 1, count: 4096)
        while write(descriptor, bytes, bytes.count) > 0 {}
    }

    func makeRoom() throws { try FileManager.default.removeItem(atPath: "\(path)/ballast") }
}
