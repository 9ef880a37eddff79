// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Glibc

/// The identity of a history, and the first number that no change of it has.
struct InstanceRecord: Codable, Sendable, Equatable {
    /// A UUID.
    var instance: String
    /// Every number that was given out is below it.
    var next: Int

    var isPossible: Bool { UUID(uuidString: instance) != nil && (1...ChangeNumbers.largest).contains(next) }
}

/// The file beside the history's that keeps its identity and its numbers, so that both outlive a history that is damaged
/// or removed. Whoever holds the history's lock may use it.
struct InstanceFile {
    private static let longest = 4096

    let path: String

    /// - Parameter history: the path of the history's file.
    init(besides history: String) { path = "\(history).instance" }

    /// Returns nil if there is no file. Throws for one that cannot be read, or in which something else is.
    func read() throws(HistoryError) -> InstanceRecord? {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try readWholeFile(path, limit: Self.longest)
        } catch {
            if error.errno == ENOENT { return nil }
            throw HistoryError(
                .damaged, "\(path) cannot be read: \(error.message)", call: error.call, errno: error.errno)
        }
        guard let record = try? JSON.decode(InstanceRecord.self, from: bytes), record.isPossible else {
            throw HistoryError(.damaged, "\(path) is damaged")
        }
        return record
    }

    /// Replaces the file, and returns when the disk has it: a power cut leaves the old record or the new one.
    ///
    /// Not by `ReplacingFile`: a daemon that is killed here leaves its temporary file behind, so its name must not be a
    /// new one each time.
    func write(_ record: InstanceRecord) throws(HistoryError) {
        let temporary = "\(path).new"
        guard let line = try? JSON.line(record) else { throw HistoryError(.failed, "\(path) cannot be written") }
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw HistoryError("cannot write \(temporary)", call: "open") }
        let isWritten = writeAll(line, to: descriptor) && fsync(descriptor) == 0
        let number = errno
        close(descriptor)
        guard isWritten else {
            unlink(temporary)
            throw HistoryError("cannot write \(temporary)", call: "write", errno: number)
        }
        guard rename(temporary, path) == 0 else {
            let number = errno
            unlink(temporary)
            throw HistoryError("cannot write \(path)", call: "rename", errno: number)
        }
        syncFolder()
    }

    /// Removes the file.
    func remove() throws(HistoryError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw HistoryError("cannot remove \(path)", call: "unlink") }
        syncFolder()
    }

    /// A file system that cannot sync a folder keeps its own order, so failures do not matter.
    private func syncFolder() {
        let folder = open(
            (path as NSString).deletingLastPathComponent.isEmpty ? "." : (path as NSString).deletingLastPathComponent,
            O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }
}
