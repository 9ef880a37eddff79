// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Calls `work` with a new folder for intermediate files, and removes the folder afterwards.
func withTemporaryFolder<Result>(_ work: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("genred-programme-\(UUID().uuidString)", isDirectory: true)
    do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
        throw RenderingError(.fileFailed, "cannot create the folder \(folder.path): \(error.localizedDescription)")
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    return try work(folder)
}
