// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Foundation

/// The damaged files that were moved aside: `PATH.damaged-20260131T080000Z`, each with the files that SQLite keeps
/// beside it.
struct DamagedCopies {
    private static let kept = 3

    private let path: String
    private let folder: URL
    private let prefix: String

    /// - Parameter path: the path of the history's file.
    init(of path: String) {
        self.path = path
        let url = URL(fileURLWithPath: path)
        folder = url.deletingLastPathComponent()
        prefix = url.lastPathComponent + ".damaged-"
    }

    /// Renames the history's file and the files that SQLite keeps beside it. Returns the new name.
    ///
    /// - Parameter damage: the reason, for the error that this may throw.
    func moveAside(_ damage: HistoryError) throws(HistoryError) -> String {
        let time = Timestamp.now.description.prefix(19).filter { $0 != "-" && $0 != ":" }
        let name = "\(path).damaged-\(time)Z"
        for suffix in ["-wal", "-shm", ""] where access("\(path)\(suffix)", F_OK) == 0 {
            guard rename("\(path)\(suffix)", "\(name)\(suffix)") == 0 else {
                throw HistoryError("\(damage); it cannot be moved to \(name)", call: "rename")
            }
        }
        return name
    }

    /// Removes all but the newest three, so that a failing disk is not filled, too.
    func removeOldest() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let copies = Dictionary(grouping: names) { time(of: $0) }
        for time in copies.keys.compactMap(\.self).sorted().dropLast(Self.kept) {
            for name in copies[time] ?? [] { try? FileManager.default.removeItem(at: folder.appending(path: name)) }
        }
    }

    /// The time in a copy's name, in a form that sorts; nil for other files.
    private func time(of name: String) -> String? {
        guard name.hasPrefix(prefix) else { return nil }
        let time = name.dropFirst(prefix.count).prefix(16)
        let isTime = zip(time.utf8, "00000000T000000Z".utf8).allSatisfy { found, pattern in
            pattern == UInt8(ascii: "0") ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(found) : found == pattern
        }
        let rest = name.dropFirst(prefix.count + 16)
        return time.count == 16 && isTime && ["", "-wal", "-shm"].contains(rest) ? String(time) : nil
    }
}
