// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// Identifies a file by device and inode, whatever its names are.
package struct FileIdentity: Sendable, Equatable {
    private let device: dev_t
    private let inode: ino_t

    package init(_ status: stat) {
        device = status.st_dev
        inode = status.st_ino
    }

    /// The file that a path names now; nil if there is none.
    ///
    /// - Parameter followingLinks: whether a symbolic link means its target or the link itself.
    package init?(path: String, followingLinks: Bool = true) {
        var status = stat()
        guard PathText.withPath(path, { followingLinks ? stat($0, &status) : lstat($0, &status) }) == 0 else {
            return nil
        }
        self.init(status)
    }

    /// The file behind an open descriptor.
    package init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }
}
