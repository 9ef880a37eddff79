// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A new folder that is removed when the last reference to it goes. Its path is short enough for a Unix socket in it.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "genred-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }

    deinit { remove() }

    /// Removes it now, with all that is in it.
    package func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in it.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file and returns its path.
    package func write(_ text: String, to name: String) throws -> String { try write(Data(text.utf8), to: name) }

    /// Writes a program, such as a script, and returns its path.
    ///
    /// A child makes it. While this process has a file open for writing, a child that another test starts may have it open,
    /// too, and nothing can run it meanwhile (ETXTBSY).
    package func writeProgram(_ text: String, to name: String) throws -> String {
        try Programs.run("/usr/bin/install", ["-m", "755", write(text, to: "\(name).text"), file(name)])
        return file(name)
    }

    /// Writes a file and returns its path.
    package func write(_ bytes: some DataProtocol, to name: String) throws -> String {
        try Data(bytes).write(to: URL(filePath: file(name)), options: .atomic)
        return file(name)
    }
}
