// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// An external program that renders music or speech: fluidsynth or espeak-ng.
struct ExternalProgram: Sendable {
    let name: String
    /// The Debian package of the program.
    let package: String

    static let fluidsynth = ExternalProgram(name: "fluidsynth", package: "fluidsynth")
    static let espeak = ExternalProgram(name: "espeak-ng", package: "espeak-ng")

    /// The path of the program; nil if it is not in PATH.
    var path: String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs the program to its end. An error has the last line that the program printed.
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
        let errorPipe = Pipe()
        process.standardError = errorPipe
        do {
            try process.run()
        } catch {
            throw RenderingError(.programFailed, "cannot start \(path): \(error.localizedDescription)")
        }
        let errors = errorPipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let lines = String(decoding: errors, as: UTF8.self).split(separator: "\n")
            let reason = lines.last.map { ": \($0)" } ?? ""
            throw RenderingError(.programFailed, "\(name) failed with status \(process.terminationStatus)\(reason)")
        }
    }
}
