// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// A program of another package that does a part of the work: fluidsynth, espeak-ng.
struct ExternalProgram: Sendable {
    let name: String
    /// The Debian package that has it.
    let package: String

    static let fluidsynth = ExternalProgram(name: "fluidsynth", package: "fluidsynth")
    static let espeak = ExternalProgram(name: "espeak-ng", package: "espeak-ng")

    /// Where it is in PATH; nil when it is not installed.
    var path: String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs it to its end; what it prints is only shown when it fails.
    func run(_ arguments: [String]) throws {
        guard let path else {
            throw RenderingError(
                .programMissing, "\(name) is not installed: apt-get install \(package) (or: make deps)")
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let complaints = Pipe()
        process.standardError = complaints
        do {
            try process.run()
        } catch {
            throw RenderingError(.programFailed, "\(path) could not be started: \(error.localizedDescription)")
        }
        let said = complaints.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let lines = String(decoding: said, as: UTF8.self).split(separator: "\n")
            let reason = lines.last.map { ": \($0)" } ?? ""
            throw RenderingError(.programFailed, "\(name) failed with status \(process.terminationStatus)\(reason)")
        }
    }
}

/// A folder for intermediate files that goes when the work is done.
func withTemporaryFolder<Result>(_ work: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("genred-programme-\(UUID().uuidString)", isDirectory: true)
    do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
        throw RenderingError(.fileFailed, "cannot make the folder \(folder.path): \(error.localizedDescription)")
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    return try work(folder)
}
