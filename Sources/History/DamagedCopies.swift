// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// The files beside a history's that were moved aside because they were damaged: `PATH.damaged-20260131T080000Z`, with
/// what SQLite keeps beside each.
struct DamagedCopies {
    private static let kept = 3

    private let folder: URL
    private let prefix: String

    /// - Parameter path: the history's.
    init(of path: String) {
        let url = URL(fileURLWithPath: path)
        folder = url.deletingLastPathComponent()
        prefix = url.lastPathComponent + ".damaged-"
    }

    /// Removes all but the newest three, so that a disk that damages everything is not filled, too.
    func removeOldest() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let copies = Dictionary(grouping: names) { time(of: $0) }
        for time in copies.keys.compactMap(\.self).sorted().dropLast(Self.kept) {
            for name in copies[time] ?? [] { try? FileManager.default.removeItem(at: folder.appending(path: name)) }
        }
    }

    /// When a copy was made, in a form that sorts; nil for other files.
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
