// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc

/// Finds and reads the files that a rule names, for what must not stand in the rules themselves.
struct HookFiles: Sendable {
    /// The most bytes of a secret.
    static let longest = 4096

    /// The service manager's folder of this program.
    static var credentials: String? { SocketPath.variable("CREDENTIALS_DIRECTORY") }

    /// The folder of the rules' file, with its slash.
    private let folder: String
    /// The service manager's folder of credentials, if there is one.
    private let credentials: String?

    init(beside file: String, credentials: String?) {
        folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
        self.credentials = credentials
    }

    /// A relative path is a credential's name (LoadCredential= in systemd.exec(5)), or begins at the rules' folder.
    func path(_ text: String) -> String {
        if text.hasPrefix("/") { return text }
        if let credentials, access("\(credentials)/\(text)", F_OK) == 0 { return "\(credentials)/\(text)" }
        return folder + text
    }

    /// Reads a line from a file, without the white space around it.
    ///
    /// - Throws: a message without anything that the file holds.
    func secret(_ text: String) throws(HookFileError) -> String {
        let path = path(text)
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try readWholeFile(path, limit: Self.longest)
        } catch {
            throw HookFileError(message: "cannot read \(path): \(error.message)")
        }
        let isSpace: (UInt8) -> Bool = { $0 == 32 || (9...13).contains($0) }
        let inner = bytes.drop(while: isSpace)
        let line = inner.prefix((inner.lastIndex { !isSpace($0) }).map { $0 - inner.startIndex + 1 } ?? 0)
        if line.isEmpty { throw HookFileError(message: "\(path) is empty") }
        guard let text = String(validating: line, as: UTF8.self), line.allSatisfy({ $0 >= 32 && $0 != 127 }) else {
            throw HookFileError(message: "\(path) must hold one line of text")
        }
        return text
    }
}

struct HookFileError: Error {
    var message: String
}
