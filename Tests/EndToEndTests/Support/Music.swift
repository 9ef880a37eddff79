// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport

/// Music for the tests: the project's own compositions, rendered once per test run, and recordings if a developer has
/// some beside the project.
enum Music {
    static let canRender = Programs.has("fluidsynth")

    private static let cache = Cache()

    /// A WAV file of music in a genre of the demonstration.
    static func composed(_ genre: String, seconds: Int = 30, seed: Int = 1) throws -> String {
        try cache.file("\(genre)-\(seed)-\(seconds).wav") { path in
            _ = try Programs.run(
                Programs.built("genred-programme"),
                ["render", path, "--genre", genre, "--seed", "\(seed)", "--seconds", "\(seconds)"])
        }
    }

    /// Converts an audio file with ffmpeg; the arguments stand between its input and its output.
    static func converted(_ path: String, _ arguments: [String], suffix: String) throws -> String {
        let name = (path as NSString).lastPathComponent + "." + suffix
        return try cache.file(name) { target in
            let ffmpeg = Programs.find("ffmpeg") ?? "ffmpeg"
            _ = try Programs.run(ffmpeg, ["-nostdin", "-y", "-loglevel", "error", "-i", path] + arguments + [target])
        }
    }

    /// The folder of recordings beside the project, if there is one.
    static let recordings: String? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appendingPathComponent("shared/data/audio").path
        return FileManager.default.fileExists(atPath: folder) ? folder : nil
    }()

    /// Files that are made once and shared by all tests.
    private final class Cache: @unchecked Sendable {
        // Safe to share: everything happens under the lock.
        private let lock = NSLock()
        private let folder: TemporaryFolder?

        init() {
            folder = try? TemporaryFolder()
            // A static is never deinitialised, so the folder is removed when the process ends.
            atexit { Music.cache.remove() }
        }

        func remove() { _ = folder.map { try? FileManager.default.removeItem(atPath: $0.path) } }

        func file(_ name: String, make: (String) throws -> Void) throws -> String {
            lock.lock()
            defer { lock.unlock() }
            guard let folder else { throw Programs.Failure(description: "no temporary folder") }
            let path = folder.file(name)
            if !FileManager.default.fileExists(atPath: path) { try make(path) }
            return path
        }
    }
}
