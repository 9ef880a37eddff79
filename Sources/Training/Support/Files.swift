// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// Reads a regular file of at most `limit` bytes. A folder, a device or a FIFO is refused, since reading it might block.
func readFile(_ path: String, limit: Int) throws(TrainingError) -> [UInt8] {
    do {
        return try readWholeFile(path, limit: limit)
    } catch {
        let code: TrainingError.Code = error.code == .cannotRead ? .cannotRead : .malformed
        throw TrainingError(code, "cannot read '\(path)': \(error.message)", call: error.call, errno: error.errno)
    }
}

/// Writes a whole file, or leaves the old one as it was; see `ReplacingFile`.
package func writeFile(_ bytes: some Sequence<UInt8>, to path: String) throws(TrainingError) {
    do {
        try writeWholeFile(Array(bytes), to: path)
    } catch {
        throw TrainingError(cannotWrite: error)
    }
}

/// Throws if `writeFile` would, without changing anything.
package func checkWritable(_ path: String) throws(TrainingError) {
    do {
        try ReplacingFile.check(path)
    } catch {
        throw TrainingError(cannotWrite: error)
    }
}

extension TrainingError {
    /// Converts an error of `ReplacingFile`.
    init(cannotWrite error: FileError) {
        self.init(.cannotWrite, error.message, call: error.call, errno: error.errno)
    }
}

/// Makes a folder and its parents if they do not exist.
package func makeFolder(_ path: String) throws(TrainingError) {
    do {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
        let isInTheWay = FileManager.default.fileExists(atPath: path) && !isFolder(path)
        throw TrainingError(
            .cannotWrite,
            "cannot make the folder '\(path)': \(isInTheWay ? "there is a file of that name" : reason(error))")
    }
}

/// Lists the names in a folder, sorted by their bytes, without hidden ones.
package func listFolder(_ path: String) throws(TrainingError) -> [String] {
    guard isFolder(path) || !FileManager.default.fileExists(atPath: path) else {
        throw TrainingError(.cannotRead, "'\(path)' is a file; a folder is expected")
    }
    do {
        return try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    } catch {
        throw TrainingError(.cannotRead, "cannot list the folder '\(path)': \(reason(error))")
    }
}

/// Whether there is a folder at `path`.
package func isFolder(_ path: String) -> Bool {
    var status = stat()
    return PathText.withPath(path) { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// The system's message for an error that Foundation wraps.
private func reason(_ error: any Error) -> String {
    let error = error as NSError
    let system = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
    if error.domain == NSCocoaErrorDomain,
        error.code == NSFileReadNoSuchFileError || error.code == NSFileNoSuchFileError
    {
        return systemMessage(ENOENT)
    }
    return system.domain == NSPOSIXErrorDomain ? systemMessage(Int32(system.code)) : error.localizedDescription
}
